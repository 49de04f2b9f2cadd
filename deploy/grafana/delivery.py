"""The rows that answer whether the sales arrive: the symptoms, and each destination."""

from typing import Final

from deploy.grafana.panel import AMBER, GREEN, OF, ON, RED, Panel, Query, Row, quantiles, rates

STATES: Final = {"active": GREEN, "throttled": "yellow", "degraded": AMBER, "paused": RED}

SYMPTOMS: Final = Row(
    "Are the sales arriving?",
    [
        Panel(
            "Delivered",
            "Of what came to an end in the last quarter of an hour, the share that the platform"
            " accepted. Delivered means accepted, not attributed.",
            [
                Query(
                    "min by (destination)"
                    f" (instance_destination:relay_events_delivered:ratio_rate15m{{{OF}}})",
                    "{{destination}}",
                )
            ],
            unit="percentunit",
            kind="stat",
            width=6,
            height=5,
            steps=[(None, RED), (0.95, AMBER), (0.99, GREEN)],
            no_value="nothing came to an end",
        ),
        Panel(
            "Oldest waiting",
            "How long the oldest event that is not at an end has waited; seconds are usual.",
            [
                Query(
                    f"max by (destination) (relay_oldest_pending_seconds{{{OF}}})",
                    "{{destination}}",
                )
            ],
            unit="s",
            kind="stat",
            width=6,
            height=5,
            steps=[(None, GREEN), (300, AMBER), (600, RED)],
        ),
        Panel(
            "State",
            "Paused: somebody must act. Degraded and throttled end by themselves.",
            [
                Query(
                    " + ".join(
                        f"{weight} * max by (instance, destination)"
                        f' (relay_destination_state{{{OF}, state="{state}"}})'
                        for weight, state in enumerate(STATES)
                    ),
                    "{{destination}}",
                )
            ],
            kind="stat",
            width=6,
            height=5,
            words=[
                (str(weight), state, colour)
                for weight, (state, colour) in enumerate(STATES.items())
            ],
        ),
        Panel(
            "Takes events",
            "Whether the journal takes events; if not, producers get 503 and send again.",
            [Query(f"max by (instance) (relay_journal_unavailable{{{ON}}})", "{{instance}}")],
            kind="stat",
            width=6,
            height=5,
            words=[("0", "yes", GREEN), ("1", "no", RED)],
        ),
        Panel(
            "Delivered, over time",
            "The share of each destination.",
            [
                Query(
                    f"instance_destination:relay_events_delivered:ratio_rate15m{{{OF}}}",
                    "{{destination}}",
                )
            ],
            unit="percentunit",
            highest=1,
        ),
        Panel(
            "Age at delivery, 95 %",
            "From receipt to the platform's answer, for 95 of 100 events.",
            [
                Query(
                    f"instance_destination:relay_delivery_seconds:p95_rate5m{{{OF}}}",
                    "{{destination}}",
                )
            ],
            unit="s",
        ),
        Panel(
            "Waiting",
            "Events that are on disk and not at an end.",
            [Query(f"sum by (destination) (relay_events_pending{{{OF}}})", "{{destination}}")],
        ),
    ],
)

DESTINATION: Final = Row(
    "$destination",
    [
        Panel(
            "Events by how they end",
            "A second. Skipped is on purpose; dead letters wait for somebody.",
            [
                Query(
                    f"sum(rate(relay_events_delivered_total{{{OF}}}[$__rate_interval]))",
                    "delivered",
                ),
                Query(
                    f"sum(rate(relay_events_skipped_total{{{OF}}}[$__rate_interval]))", "skipped"
                ),
                Query(f"sum(rate(relay_events_dead_total{{{OF}}}[$__rate_interval]))", "dead"),
                Query(
                    f"sum(rate(relay_events_replayed_total{{{OF}}}[$__rate_interval]))",
                    "sent again",
                ),
            ],
            unit="cps",
        ),
        Panel(
            "Requests by outcome",
            "A second. Partial: some events of the request were refused.",
            rates("relay_requests_total", OF, "outcome"),
            unit="reqps",
            stacked=True,
        ),
        Panel(
            "Time of a request",
            "Until the platform has answered.",
            quantiles("relay_request_seconds", OF),
            unit="s",
        ),
        Panel(
            "Failed requests",
            "The share of requests that settled nothing.",
            [
                Query(
                    f"instance_destination:relay_requests_failed:ratio_rate5m{{{OF}}}",
                    "{{destination}}",
                )
            ],
            unit="percentunit",
            highest=1,
            width=6,
        ),
        Panel(
            "State",
            "Over time; one lane for each state.",
            [Query(f"max by (state) (relay_destination_state{{{OF}}})", "{{state}}")],
            kind="state-timeline",
            width=6,
            words=[("0", "no", "transparent"), ("1", "yes", "blue")],
        ),
        Panel(
            "Until events are lost",
            "When the event that waits longest is too old for the platform; nothing if none waits.",
            [Query(f"min(relay_expiry_seconds{{{OF}}})", "left")],
            unit="s",
            kind="stat",
            width=6,
            steps=[(None, RED), (24 * 3600, AMBER), (3 * 24 * 3600, GREEN)],
            no_value="nothing waits",
        ),
        Panel(
            "Events in a request",
            "Larger requests cost less; a platform in trouble is tried with little.",
            [
                Query(
                    f"sum(rate(relay_batch_events_sum{{{OF}}}[$__rate_interval]))"
                    f" / sum(rate(relay_batch_events_count{{{OF}}}[$__rate_interval]))",
                    "mean",
                ),
                Query(
                    f"sum(rate(relay_retries_total{{{OF}}}[$__rate_interval]))",
                    "sent again a second",
                ),
            ],
            width=6,
        ),
        Panel(
            "Undelivered, by reason",
            "In the last hour. `relay dead list` shows them.",
            [
                Query(
                    f"sum by (reason) (increase(relay_events_dead_total{{{OF}}}[1h]))", "{{reason}}"
                )
            ],
            width=6,
        ),
        Panel(
            "Skipped, by reason",
            "In the last hour, on purpose.",
            [
                Query(
                    f"sum by (reason) (increase(relay_events_skipped_total{{{OF}}}[1h]))",
                    "{{reason}}",
                )
            ],
            width=6,
        ),
        Panel(
            "Match data",
            "The share of events that carry an identifier: what raises the match rate.",
            [
                Query(
                    "sum by (identifier)"
                    f" (rate(relay_identifier_present_total{{{OF}}}[$__rate_interval]))"
                    " / on () group_left ()"
                    f" sum(rate(relay_events_accepted_total{{{OF}}}[$__rate_interval]))",
                    "{{identifier}}",
                )
            ],
            unit="percentunit",
            highest=1,
            width=6,
        ),
        Panel(
            "Requests under way",
            "As many at once as the answers allow; each holds its events in memory.",
            [Query(f"sum(relay_requests_in_flight{{{OF}}})", "under way")],
            width=6,
        ),
        Panel(
            "Delivered purchases",
            "Their worth in the last 24 hours, by currency.",
            [
                Query(
                    f"sum by (currency) (increase(relay_value_delivered_total{{{OF}}}[24h]))",
                    "{{currency}}",
                )
            ],
            kind="stat",
            width=12,
            no_value="none",
        ),
        Panel(
            "Advice of the platform",
            "Warnings in the last hour, by code.",
            [Query(f"sum by (code) (increase(relay_warnings_total{{{OF}}}[1h]))", "{{code}}")],
            kind="stat",
            width=12,
            no_value="none",
        ),
    ],
    repeat="destination",
)
