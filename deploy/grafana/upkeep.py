"""The rows for whoever keeps the relay running: journal, sources, and the process."""

from typing import Final

from deploy.grafana.panel import AMBER, GREEN, ON, RED, Panel, Query, Row, quantiles, rates

PROCESS: Final = 'job="relay", instance=~"$instance"'

JOURNAL: Final = Row(
    "Journal and sources",
    [
        Panel(
            "Events that arrive",
            "A second, by kind.",
            rates("relay_events_received_total", ON, "event"),
            unit="cps",
            stacked=True,
        ),
        Panel(
            "Events refused on arrival",
            "A second, by what is wrong with them.",
            rates("relay_events_rejected_total", ON, "code"),
            unit="cps",
        ),
        Panel(
            "Answers to producers",
            "A second, by HTTP status.",
            rates("relay_http_answers_total", ON, "status"),
            unit="reqps",
            stacked=True,
        ),
        Panel(
            "Time until a producer has its answer",
            "Check, hash and store.",
            quantiles("relay_ingest_seconds", ON),
            unit="s",
            width=6,
        ),
        Panel(
            "Time until events are on disk",
            "Of that, the wait for the disk.",
            quantiles("relay_journal_append_seconds", ON),
            unit="s",
            width=6,
        ),
        Panel(
            "Room of the journal",
            "Of what the size limit and the disk leave.",
            [Query(f"instance:relay_journal_used:ratio{{{ON}}}", "{{instance}}")],
            unit="percentunit",
            kind="gauge",
            width=6,
            steps=[(None, GREEN), (0.7, AMBER), (0.8, RED)],
            highest=1,
        ),
        Panel(
            "Bytes of the journal",
            "Its files, what of them is in use, what may come in, and the limit.",
            [
                Query(f"sum(relay_journal_bytes{{{ON}}})", "files"),
                Query(f"sum(relay_journal_used_bytes{{{ON}}})", "in use"),
                Query(f"sum(relay_journal_left_bytes{{{ON}}})", "may come in"),
                Query(f"sum(relay_journal_max_bytes{{{ON}}})", "limit"),
            ],
            unit="bytes",
            width=6,
        ),
        Panel(
            "Kafka: messages not read yet",
            "By partition.",
            [Query(f"relay_kafka_lag{{{ON}}}", "{{topic}} {{partition}}")],
        ),
        Panel(
            "Kafka: reading",
            "1 while events are read; no line without Kafka.",
            [Query(f"relay_kafka_reading{{{ON}}}", "{{instance}} {{group_id}}")],
            highest=1,
        ),
        Panel(
            "Passed over",
            "In the last hour: calls of other services' clients and messages without a value.",
            [
                Query(
                    f"sum by (client, kind) (increase(relay_calls_passed_over_total{{{ON}}}[1h]))",
                    "{{client}} {{kind}}",
                ),
                Query(f"sum(increase(relay_kafka_tombstones_total{{{ON}}}[1h]))", "tombstones"),
            ],
        ),
    ],
)

PROCESSES: Final = Row(
    "Process",
    [
        Panel(
            "Processor",
            "Cores in use by the main process, without `[server] workers`.",
            [
                Query(
                    f"rate(process_cpu_seconds_total{{{PROCESS}}}[$__rate_interval])",
                    "{{instance}}",
                )
            ],
            width=6,
        ),
        Panel(
            "Memory",
            "Resident, of the main process.",
            [Query(f"process_resident_memory_bytes{{{PROCESS}}}", "{{instance}}")],
            unit="bytes",
            width=6,
        ),
        Panel(
            "Open files",
            "Of those allowed to the main process; connections count, unless it has workers.",
            [
                Query(
                    f"process_open_fds{{{PROCESS}}} / process_max_fds{{{PROCESS}}}", "{{instance}}"
                )
            ],
            unit="percentunit",
            width=6,
        ),
        Panel(
            "Clock, against Prometheus",
            "Beyond a minute, events are refused as from the future or end too early.",
            [
                Query(
                    f"relay_clock_seconds{{{ON}}} - timestamp(relay_clock_seconds{{{ON}}})",
                    "{{instance}}",
                )
            ],
            unit="s",
            lowest=None,
            width=6,
        ),
        Panel(
            "Up for",
            "Since its last start.",
            [Query(f"time() - process_start_time_seconds{{{PROCESS}}}", "{{instance}}")],
            unit="s",
            kind="stat",
            width=12,
            height=4,
        ),
        Panel(
            "Version",
            "Of each relay.",
            [Query(f"relay_build_info{{{ON}}}", "{{version}} on {{instance}}")],
            kind="stat",
            width=12,
            height=4,
            words=[("1", "runs", GREEN)],
        ),
    ],
)
