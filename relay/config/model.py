"""All settings as frozen structs, one for each table of the TOML file.

Defaults are here, in `relay.config.kafka` and in `relay.config.destination`, and nowhere else. The
descriptions go into the JSON Schema, and a test compares them with `deploy/relay.example.toml`.
Every key has an environment override, see `relay.config.environment`.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from relay.config.address import Listen
from relay.config.country import Country
from relay.config.destination import DestinationConfig, DestinationName
from relay.config.kafka import KafkaConfig, KafkaSourceConfig
from relay.config.preset import preset
from relay.config.quantity import Duration, Size
from relay.config.secret import SecretRef
from relay.config.webhook import Webhook

LogLevel = Literal["debug", "info", "warning", "error"]
Link = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s\"'<>#]{1,500}$", extra={"form": "an address in quotes, without #"}
    ),
]


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
            description="Processes that receive and hash events; above 1, another one stores and "
            "sends. 0 means one per core.",
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
    drain: Annotated[
        Duration, Meta(description="After SIGTERM, the process ends within this time.")
    ] = preset(Duration("20s"))
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
            description="A connection that sent no whole request head, or read nothing of its "
            "answers, for this long is closed; set it longer than a load "
            "balancer's idle timeout."
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
            description="Names and addresses by which browsers and Prometheus reach this port, "
            "besides loopback ones.",
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
        Meta(
            description="The shop's country, for national phone numbers whose event names none; "
            "no default.",
            examples=["US"],
        ),
    ] = None
    deduplication_window: Annotated[
        int,
        Meta(
            ge=100_000,
            le=10_000_000,
            description="The last events among which a repeated event_id is skipped; up to 400 "
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
