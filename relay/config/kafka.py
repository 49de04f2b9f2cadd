"""The settings of Kafka: the cluster, and the topics that are read.

Defaults are here and nowhere else. The names are those of Kafka's own clients. Rules between keys
are in `relay.config.check`.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from relay.config.secret import SecretRef, TextOrRef

Milliseconds = Annotated[int, Meta(ge=1, le=3_600_000)]
Topic = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,240}$")]
BROKER: Final = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?"


class KafkaConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Kafka cluster of the source and of the outcomes."""

    bootstrap_servers: Annotated[
        str,
        Meta(
            pattern=f"^{BROKER}( *, *{BROKER})*$",
            description="host:port of one or more brokers, comma-separated.",
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
        Milliseconds, Meta(description="Time between two heartbeats; a third of the session.")
    ] = 3_000
    max_poll_interval_ms: Annotated[
        Milliseconds,
        Meta(description="Longest time between two reads before another relay takes over."),
    ] = 300_000
    request_timeout_ms: Annotated[
        Milliseconds, Meta(description="How long a broker may take to answer.")
    ] = 40_000
    retry_backoff_ms: Annotated[
        Milliseconds, Meta(description="Wait before a failed request is tried again.")
    ] = 100
    outcomes: Annotated[
        bool, Meta(description="Publish the outcome of every delivery to relay.outcomes.")
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
