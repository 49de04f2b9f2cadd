"""Translates Kafka's errors for whoever runs the relay: one sentence, and the key to look at.

aiokafka reports failed connections only in its own log, with stack traces; the relay silences that
log, and reports them itself. A sentence contains addresses, topics and the relay's own words, never
a password.
"""

import ssl
from typing import Final

import msgspec
from aiokafka import errors

UNREACHABLE: Final = "kafka.bootstrap_servers"
SENT_ON: Final = "no broker answers where the cluster sends its clients (advertised.listeners)"
"""What a client meets that was let in before: `Clients.probe` says it of the configured address."""


class Fault(Exception):
    """Why Kafka cannot be used now; `key` is the configuration key to look at, or empty."""

    def __init__(self, reason: str, key: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = key

    @property
    def advice(self) -> str:
        """The reason, with the key to look at."""
        return f"{self.reason}; look at {self.key}" if self.key else self.reason

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fault) and (self.reason, self.key) == (other.reason, other.key)

    def __hash__(self) -> int:
        return hash((self.reason, self.key))


class _Meaning(msgspec.Struct, frozen=True):
    kind: type[Exception]
    reason: str
    key: str


KNOWN: Final[tuple[type[BaseException], ...]] = (
    Fault,
    errors.KafkaError,
    OSError,  # includes TimeoutError
    # Raised by aiokafka if something other than Kafka, or Kafka behind TLS, answers.
    AssertionError,
    ValueError,
    EOFError,
)
"""The errors that a client may raise because of the cluster, the network or the settings."""


def fault_of(error: BaseException, *, doing: str = "") -> Fault:
    """Return the meaning of a client's error; `doing` names what failed, for rare errors."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return Fault(
            f"the broker's certificate is not trusted ({error.verify_message});"
            " name the authority that signed it",
            "kafka.ssl_cafile",
        )
    if isinstance(error, ssl.SSLError):
        reason = "TLS fails; does this listener speak it, and does it ask for a certificate?"
        return Fault(reason, "kafka.security_protocol")
    if isinstance(error, errors.TopicAuthorizationFailedError):
        return _forbidden(error)
    for meaning in _MEANINGS:
        if isinstance(error, meaning.kind):
            return Fault(meaning.reason, meaning.key)
    did = f"{doing} fails" if doing else "the cluster refuses a request"
    return Fault(f"{did} ({_name(error)})")


def mistake_of(error: Exception) -> Fault:
    """Return the fault to report for a bug of the relay, which must not stop HTTP as well."""
    return Fault(f"the relay made a mistake ({type(error).__name__}); please report it")


def _forbidden(error: errors.TopicAuthorizationFailedError) -> Fault:
    named = [each for each in error.args if isinstance(each, str)]
    what = f"the topic {named[0]}" if named else "a topic"
    rights = "allow READ on the sources and WRITE on what is written"
    return Fault(f"the user may not use {what}; {rights}", "kafka.sasl_plain_username")


def _name(error: BaseException) -> str:
    """Return the broker's own name for an error, or else the name of its type."""
    return str(getattr(error, "message", "") or type(error).__name__)[:80]


_MEANINGS: Final = (
    _Meaning(
        errors.SaslAuthenticationFailed,
        "the broker refuses this user and password",
        "kafka.sasl_plain_password",
    ),
    _Meaning(
        errors.AuthenticationFailedError,
        "the broker refuses this user and password",
        "kafka.sasl_plain_password",
    ),
    _Meaning(
        errors.UnsupportedSaslMechanismError,
        "the broker does not offer this way to check a password",
        "kafka.sasl_mechanism",
    ),
    _Meaning(
        errors.IllegalSaslStateError,
        "this listener asks for no password, or another one",
        "kafka.security_protocol",
    ),
    _Meaning(
        errors.GroupAuthorizationFailedError,
        "the user may not read with this consumer group; allow READ on it",
        "sources.kafka.group_id",
    ),
    _Meaning(
        errors.InconsistentGroupProtocolError,
        "another program reads with this consumer group; give the relay one of its own",
        "sources.kafka.group_id",
    ),
    _Meaning(
        errors.InvalidSessionTimeoutError,
        "the broker does not allow a session of this length",
        "kafka.session_timeout_ms",
    ),
    _Meaning(
        errors.ClusterAuthorizationFailedError,
        "the user may not do this in the cluster",
        "kafka.sasl_plain_username",
    ),
    _Meaning(
        errors.MessageSizeTooLargeError,
        "the message is larger than the topic takes; raise its max.message.bytes",
        "",
    ),
    _Meaning(
        # Also errors that the library cannot name, as when a compacted topic refuses a missing key.
        errors.UnknownError,
        "the broker refuses it for a reason that only its own log tells",
        "",
    ),
    _Meaning(errors.NotEnoughReplicasError, "too few replicas of the topic are in sync", ""),
    _Meaning(
        errors.UnknownTopicOrPartitionError,
        "the topic does not exist, or the user may not see it",
        "",
    ),
    _Meaning(errors.KafkaConnectionError, SENT_ON, UNREACHABLE),
    _Meaning(errors.NodeNotReadyError, SENT_ON, UNREACHABLE),
    _Meaning(errors.KafkaTimeoutError, "no broker answers in time", UNREACHABLE),
    _Meaning(errors.RequestTimedOutError, "no broker answers in time", UNREACHABLE),
    _Meaning(TimeoutError, "no broker answers in time", UNREACHABLE),
    _Meaning(ConnectionRefusedError, "no broker listens there", UNREACHABLE),
    _Meaning(OSError, "no broker can be reached", UNREACHABLE),
    _Meaning(EOFError, "what answers there closes the connection", "kafka.security_protocol"),
    _Meaning(AssertionError, "what answers there is no Kafka broker", UNREACHABLE),
    _Meaning(ValueError, "what answers there is no Kafka broker", UNREACHABLE),
)
"""The first one that fits counts."""
