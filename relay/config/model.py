"""Everything that can be set, as frozen structs: one a table of the TOML file.

Defaults stand here and in `relay.config.destination`, nowhere else. The descriptions become the
JSON Schema and are held against `deploy/relay.example.toml` by a test. Every key has an
environment override, see `relay.config.environment`.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from relay.config.address import Listen
from relay.config.country import Country
from relay.config.destination import DestinationConfig, DestinationName
from relay.config.preset import preset
from relay.config.quantity import Duration, Size
from relay.config.secret import SecretRef, TextOrRef
from relay.config.webhook import Webhook

Milliseconds = Annotated[int, Meta(ge=1, le=3_600_000)]
LogLevel = Literal["debug", "info", "warning", "error"]
Topic = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,240}$")]
BROKER: Final = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?"


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The port for producers, and the process."""

    listen: Annotated[
        Listen, Meta(description="Where producers post; beyond loopback they need a key.")
    ] = preset(Listen("127.0.0.1:8080"))
    workers: Annotated[
        int,
        Meta(
            ge=0,
            le=64,
            description="Processes that decode and hash; one more writes and sends when > 1; "
            "0 is one a core.",
        ),
    ] = 1
    keys_file: Annotated[
        Path | None,
        Meta(
            description="Where producer keys are kept, hashed; without it, keys.json beside the "
            "journal.",
            examples=["data/keys.json"],
        ),
    ] = None
    drain: Annotated[Duration, Meta(description="SIGTERM ends the process within this time.")] = (
        preset(Duration("20s"))
    )
    max_body: Annotated[
        Size, Meta(description="The largest body of a request, checked after decompression too.")
    ] = preset(Size("5MiB"))
    max_connections: Annotated[
        int,
        Meta(ge=1, le=100_000, description="Open connections at most; one more is answered 503."),
    ] = 1024
    idle_timeout: Annotated[
        Duration,
        Meta(
            description="A connection that sent no whole request head for this long is closed; "
            "longer than a load balancer's own idle time."
        ),
    ] = preset(Duration("75s"))
    body_timeout: Annotated[
        Duration, Meta(description="How long a client may take to send the body.")
    ] = preset(Duration("30s"))
    log_level: Annotated[
        LogLevel | None,
        Meta(
            description="How much is logged: debug, info, warning or error; without it info, on a "
            "terminal warning.",
            examples=["info"],
        ),
    ] = None


Link = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s\"'<>#]{1,500}$", extra={"form": "an address in quotes, without #"}
    ),
]


class AdminConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The port for people and monitoring."""

    listen: Annotated[Listen, Meta(description="Where the page, the API and the metrics are.")] = (
        preset(Listen("127.0.0.1:8081"))
    )
    password: Annotated[
        SecretRef | None,
        Meta(
            description="HTTP Basic, any user name; needed beyond loopback.",
            examples=["env:RELAY_ADMIN_PASSWORD"],
        ),
    ] = None
    hosts: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:\[\]-]{1,255}$")], ...],
        Meta(
            description="Names that browsers may use for this port, besides loopback ones.",
            extra={"form": "a list of host names in quotes"},
            examples=[["relay.shop.example"]],
        ),
    ] = ()
    metrics_open: Annotated[bool, Meta(description="Serve /metrics without the password.")] = False
    grafana: Annotated[
        Link | None,
        Meta(
            description="Where Grafana is: figures of the screen *On call* link to its panels.",
            examples=["https://grafana.shop.example"],
        ),
    ] = None
    runbook: Annotated[
        Link | None,
        Meta(
            description="Where RUNBOOK.md is read: the same figures link to its sections.",
            examples=["https://wiki.shop.example/relay"],
        ),
    ] = None


class IntakeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to an event before it is stored."""

    default_country: Annotated[
        Country | None,
        Meta(description="The country of national phone numbers; no default.", examples=["US"]),
    ] = None
    deduplication_window: Annotated[
        int,
        Meta(
            ge=100_000,
            le=10_000_000,
            description="The last events among which a repeated event_id is skipped; about 100 "
            "bytes of memory each.",
        ),
    ] = 100_000


class JournalConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The durable storage."""

    engine: Annotated[Literal["sqlite"], Meta(description="The kind of storage.")] = "sqlite"
    path: Annotated[
        Path, Meta(description="The journal's file; on a local disk, not a network share.")
    ] = preset(Path("data/relay.db"))
    retention: Annotated[Duration, Meta(description="How long events and receipts are kept.")] = (
        preset(Duration("7d"))
    )
    max_size: Annotated[
        Size,
        Meta(
            description="All of the journal's files, at least 1MiB; when full, delivered payloads "
            "go first, and at last producers get 503."
        ),
    ] = preset(Size("10GiB"))


class KafkaConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Kafka cluster of the source and of the outcomes."""

    bootstrap_servers: Annotated[
        str,
        Meta(
            pattern=f"^{BROKER}( *, *{BROKER})*$",
            description="host:port of one or more brokers, by comma.",
            extra={"form": "host:port in quotes, or several by comma, without https://"},
            examples=["localhost:9092"],
        ),
    ]
    security_protocol: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
        Meta(description="How the brokers are reached."),
    ] = "PLAINTEXT"
    sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
        Meta(description="How a password is checked, with SASL_PLAINTEXT and SASL_SSL."),
    ] = "PLAIN"
    sasl_plain_username: Annotated[
        TextOrRef | None,
        Meta(description="The user, for every SASL mechanism.", examples=["relay"]),
    ] = None
    sasl_plain_password: Annotated[
        SecretRef | None,
        Meta(
            description="Where the user's password is, for every SASL mechanism.",
            examples=["env:KAFKA_PASSWORD"],
        ),
    ] = None
    ssl_cafile: Annotated[
        Path | None,
        Meta(
            description="The authority that signed the brokers' certificates (PEM); without it, "
            "the system's.",
            examples=["/etc/relay/kafka-ca.pem"],
        ),
    ] = None
    ssl_certfile: Annotated[
        Path | None,
        Meta(description="The relay's own certificate (PEM).", examples=["/etc/relay/kafka.pem"]),
    ] = None
    ssl_keyfile: Annotated[
        Path | None,
        Meta(description="The key of ssl_certfile (PEM).", examples=["/etc/relay/kafka.key"]),
    ] = None
    client_id: Annotated[
        str, Meta(min_length=1, max_length=200, description="How the brokers' logs name the relay.")
    ] = "relay"
    session_timeout_ms: Annotated[
        Milliseconds, Meta(description="Silence after which another relay takes the partitions.")
    ] = 10_000
    heartbeat_interval_ms: Annotated[
        Milliseconds, Meta(description="Time between two signs of life; a third of the session.")
    ] = 3_000
    max_poll_interval_ms: Annotated[
        Milliseconds, Meta(description="Longest time between two reads, until the group moves on.")
    ] = 300_000
    request_timeout_ms: Annotated[
        Milliseconds, Meta(description="How long a broker may take to answer.")
    ] = 40_000
    retry_backoff_ms: Annotated[
        Milliseconds, Meta(description="Wait before a failed request is tried again.")
    ] = 100
    outcomes: Annotated[
        bool, Meta(description="Publish how every delivery ended to relay.outcomes.")
    ] = False


class KafkaSourceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Events from Kafka."""

    topics: Annotated[
        tuple[Topic, ...],
        Meta(
            min_length=1,
            description="Topics of JSON events; what is unusable goes to TOPIC.rejected.",
            extra={"form": "a list of at least one topic in quotes, of letters, digits, . _ and -"},
            examples=[["conversions"]],
        ),
    ]
    group_id: Annotated[
        str,
        Meta(min_length=1, max_length=249, description="Relays of one group share the partitions."),
    ] = "relay"


class ShopifyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The webhooks of one Shopify shop."""

    domain: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
            description="The shop's own domain at Shopify.",
            extra={"form": "a domain in quotes, without https://"},
            examples=["lamp-shop.myshopify.com"],
        ),
    ]
    secret: Annotated[
        SecretRef,
        Meta(
            description="Where the key that signs the webhooks is.",
            examples=["env:SHOPIFY_SECRET"],
        ),
    ]


class SourcesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where events come from, besides the port for producers."""

    kafka: KafkaSourceConfig | None = None
    shopify: dict[DestinationName, ShopifyConfig] = {}


class NotifyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages for people, when something needs them."""

    webhook: Annotated[
        Webhook | None,
        Meta(
            description="Where messages are posted, as Slack and compatible services take them; "
            "the address is a secret."
        ),
    ] = None


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of `relay.toml`."""

    server: ServerConfig = preset(ServerConfig())
    admin: AdminConfig = preset(AdminConfig())
    intake: IntakeConfig = preset(IntakeConfig())
    journal: JournalConfig = preset(JournalConfig())
    kafka: KafkaConfig | None = None
    sources: SourcesConfig = preset(SourcesConfig())
    notify: NotifyConfig = preset(NotifyConfig())
    destinations: dict[DestinationName, DestinationConfig] = {}

    @property
    def keys_path(self) -> Path:
        """The file of the producer keys."""
        return self.server.keys_file or self.journal.path.with_name("keys.json")
