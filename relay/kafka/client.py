"""Clients for the configured cluster, with the settings that the relay's promises need.

aiokafka's own defaults are `latest`, `read_uncommitted` and commits at intervals; each of them can
lose events or publish what was rolled back. Secrets are read again for every client, so a changed
file takes effect with the next connection. Making a client raises `Fault`.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection, collect_hosts, create_conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from relay.config import KafkaConfig, read_secret
from relay.errors import ConfigError
from relay.kafka.fault import KNOWN, Fault, fault_of

MAX_RECORDS: Final = 1_000
"""The most messages of one poll: as many as one append to the journal may hold."""
METADATA_MAX_AGE_MS: Final = 30_000
"""How long it may take until new partitions of a topic are seen."""
NO_LIMIT_BYTES: Final = 2**31 - 1
"""Whatever was read can be written again in full; only the broker may refuse it for its size."""
BATCH_BYTES: Final = 256 * 1024
PROBE_WITHIN_S: Final = 10.0


class Clients:
    """Makes clients; `environ` are the environment variables that the configuration may name."""

    def __init__(self, config: KafkaConfig, environ: Mapping[str, str]) -> None:
        self._config = config
        self._environ = environ

    @property
    def session_timeout_s(self) -> float:
        """Seconds of silence after which the group gives a relay's partitions to others."""
        return self._config.session_timeout_ms / 1000

    def consumer(self, group_id: str) -> AIOKafkaConsumer:
        """Return a consumer that commits nothing by itself."""
        return AIOKafkaConsumer(
            group_id=group_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=MAX_RECORDS,
            session_timeout_ms=self._config.session_timeout_ms,
            heartbeat_interval_ms=self._config.heartbeat_interval_ms,
            max_poll_interval_ms=self._config.max_poll_interval_ms,
            **self._common(),
        )

    def producer(self) -> AIOKafkaProducer:
        """Return a producer that loses nothing and, as long as it exists, repeats nothing."""
        return AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            compression_type="zstd",
            max_request_size=NO_LIMIT_BYTES,
            max_batch_size=BATCH_BYTES,
            **self._common(),
        )

    def admin(self) -> AIOKafkaAdminClient:
        """Return a client for listing and creating topics."""
        return AIOKafkaAdminClient(**self._common())

    def credentials(self) -> bytes:
        """Return a digest of the credentials of a new client; a change makes older clients useless.

        Raises `Fault` or OSError if any of them cannot be read.
        """
        config = self._config
        digest = hashlib.sha256(repr(self._login()).encode())
        for file in (config.ssl_cafile, config.ssl_certfile, config.ssl_keyfile):
            if file is not None:
                digest.update(file.read_bytes())
        return digest.digest()

    async def probe(self) -> None:
        """Return if any of the brokers lets the relay in; else raise the most informative `Fault`.

        The clients themselves do not say why they cannot connect.
        """
        settings = self._common()
        faults = []
        for host, port, _ in collect_hosts(settings["bootstrap_servers"]):
            fault = await _try(host, port, settings)
            if fault is None:
                return
            faults.append(fault)
        raise min(faults, key=lambda fault: fault.key.endswith("bootstrap_servers"))

    def _common(self) -> dict[str, Any]:
        config = self._config
        return {
            "bootstrap_servers": config.bootstrap_servers,
            "client_id": config.client_id,
            "request_timeout_ms": config.request_timeout_ms,
            "retry_backoff_ms": config.retry_backoff_ms,
            "metadata_max_age_ms": METADATA_MAX_AGE_MS,
            "security_protocol": config.security_protocol,
            "ssl_context": self._ssl_context(),
            **self._login(),
        }

    def _login(self) -> dict[str, str]:
        if not self._config.security_protocol.startswith("SASL_"):
            return {}
        return {
            "sasl_mechanism": self._config.sasl_mechanism,
            "sasl_plain_username": self._username(),
            "sasl_plain_password": self._password(),
        }

    def _username(self) -> str:
        user = self._config.sasl_plain_username
        try:
            found = user and user.resolve(self._environ)
        except ConfigError as error:
            raise Fault(f"{user} {error}", "kafka.sasl_plain_username") from None
        if not found:
            raise Fault(f"{user} is missing or empty", "kafka.sasl_plain_username")
        return found

    def _password(self) -> str:
        ref = self._config.sasl_plain_password
        try:
            found = read_secret(ref, self._environ, is_token=False) if ref else None
        except ConfigError as error:
            raise Fault(f"{ref} {error}", "kafka.sasl_plain_password") from None
        if found is None:
            raise Fault(f"{ref} is missing or empty", "kafka.sasl_plain_password")
        return found.reveal()

    def _ssl_context(self) -> ssl.SSLContext | None:
        config = self._config
        if not config.security_protocol.endswith("SSL"):
            return None
        context = ssl.create_default_context()
        if config.ssl_cafile is not None:
            context = _trusting(config.ssl_cafile)
        if config.ssl_certfile is not None:
            _load_own(context, config.ssl_certfile, config.ssl_keyfile)
        return context


def _trusting(authority: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        reason = f"{authority} cannot be read as certificates ({_why(error)})"
        raise Fault(reason, "kafka.ssl_cafile") from None


def _load_own(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    def passphrase() -> str:
        # Otherwise OpenSSL would ask for it at the terminal, and the whole relay would wait.
        raise Fault(f"{key} needs a passphrase; give the key without one", "kafka.ssl_keyfile")

    try:
        context.load_cert_chain(certificate, key, passphrase)
    except OSError as error:
        reason = f"{certificate} and its key cannot be read ({_why(error)})"
        raise Fault(reason, "kafka.ssl_certfile") from None


def _why(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return str(error.strerror).lower()
    return "they are no pair" if error.reason == "KEY_VALUES_MISMATCH" else "it is no PEM"


async def _try(host: str, port: int, settings: Mapping[str, Any]) -> Fault | None:
    """Connect as the clients do, and close the connection; return what prevents it, or None."""
    settings = {name: value for name, value in settings.items() if name in _OF_A_CONNECTION}
    hung_up = _hung_up(settings["security_protocol"])
    try:
        async with asyncio.timeout(PROBE_WITHIN_S):
            connection = await create_conn(host, port, **settings)
            hung_up = _AT_A_REQUEST
            await _ask(connection)
    except (KafkaConnectionError, ConnectionResetError):
        fault = hung_up
    except KNOWN as error:
        fault = fault_of(error)
    else:
        return None
    return Fault(f"{fault.reason} ({host}:{port})", fault.key)


async def _ask(connection: AIOKafkaConnection) -> None:
    """Make a request that a listener answers only to those it lets in, and close the connection."""
    try:
        await connection.send(MetadataRequest([]))
    finally:
        await connection.close()


def _hung_up(protocol: str) -> Fault:
    if protocol.endswith("SSL"):
        reason = "the broker hangs up; does it ask for a certificate, or for another one?"
        return Fault(reason, "kafka.ssl_certfile")
    return Fault("the broker hangs up; does this listener expect TLS?", "kafka.security_protocol")


_AT_A_REQUEST: Final = Fault(
    "the broker hangs up at the first request; does this listener ask for a user and password?",
    "kafka.security_protocol",
)
_OF_A_CONNECTION: Final = frozenset(
    {
        *("client_id", "request_timeout_ms", "ssl_context", "security_protocol"),
        *("sasl_mechanism", "sasl_plain_username", "sasl_plain_password"),
    }
)
