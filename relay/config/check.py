"""The rules between keys, and the checks before the service starts.

Each rule is a function that yields a sentence for each problem, in the order of the file. `check`
needs only the configuration; `check_start` also looks at the secrets.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from relay.config.address import MAX_PORT, split_port
from relay.config.destination import TikTokConfig
from relay.config.kafka import KafkaConfig
from relay.config.model import Config
from relay.config.quantity import Duration
from relay.config.secret import SecretRef, read_secret
from relay.config.webhook import checked
from relay.errors import ConfigError

MAX_LINGER_S: Final = 60
MIN_JOURNAL_BYTES: Final = 2**20
"""An empty journal already takes a part of this; with less, there is hardly room for an event."""
PIXEL_ID_DIGITS: Final = 15
"""A pixel code of at least this many digits and nothing else is the numeric pixel id."""

Rule = Callable[[Config], Iterator[str]]


def check(config: Config) -> None:
    """Raise a `ConfigError` for the first rule between keys that is broken."""
    for rule in RULES:
        for problem in rule(config):
            raise ConfigError(problem)


def check_start(config: Config, environ: Mapping[str, str]) -> None:
    """Raise a `ConfigError` for the first problem that must not exist when the service starts.

    A missing token is fine: its destination waits, paused. A secret that is there but unusable is
    refused, and so is an admin port whose password is missing, since it would be open to all.
    """
    for path, ref in secrets(config):
        try:
            found = read_secret(ref, environ, is_token=path.endswith(".token"))
            if found and path == "notify.webhook":
                checked(found)
        except ConfigError as error:
            raise ConfigError(f"{path}: {ref} {error}") from None
    for problem in _missing_password(config, environ):
        raise ConfigError(problem)


def _missing_password(config: Config, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the problem on loopback as well: without a password, a proxy would let anybody in."""
    password = config.admin.password
    if password and not read_secret(password, environ, is_token=False):
        yield f"admin.password: {password} is missing or empty; set it, or take the key out"


def secrets(config: Config) -> Iterator[tuple[str, SecretRef]]:
    """Yield the key's path and the place of every configured secret."""
    if config.admin.password:
        yield "admin.password", config.admin.password
    if config.kafka and config.kafka.sasl_plain_password:
        yield "kafka.sasl_plain_password", config.kafka.sasl_plain_password
    for name, shop in config.sources.shopify.items():
        yield f"sources.shopify.{name}.secret", shop.secret
    if config.notify.webhook and config.notify.webhook.ref:
        yield "notify.webhook", config.notify.webhook.ref
    for name, destination in config.destinations.items():
        if destination.token:
            yield f"destinations.{name}.token", destination.token


def _durations(config: Config) -> Iterator[str]:
    limits: dict[str, Duration | None] = {
        "server.drain": config.server.drain,
        "server.idle_timeout": config.server.idle_timeout,
        "server.body_timeout": config.server.body_timeout,
        "journal.retention": config.journal.retention,
    }
    for name, destination in config.destinations.items():
        limits[f"destinations.{name}.timeout"] = destination.timeout
        limits[f"destinations.{name}.max_event_age"] = destination.max_event_age
    for path, value in limits.items():
        if value is not None and value <= 0:
            yield f'{path} must be longer than zero, such as "{Duration.EXAMPLE}"'
    for name, destination in config.destinations.items():
        if destination.linger > MAX_LINGER_S:
            yield f"destinations.{name}.linger must be at most {MAX_LINGER_S}s"


def _sizes(config: Config) -> Iterator[str]:
    if config.server.max_body == 0:
        yield 'server.max_body must be larger than zero, such as "5MiB"'
    if config.journal.max_size < MIN_JOURNAL_BYTES:
        yield 'journal.max_size must be at least "1MiB": less can hardly hold anything'


def _ports(config: Config) -> Iterator[str]:
    server, admin = config.server.listen, config.admin.listen
    if server.port and server.port == admin.port and server.host == admin.host:
        yield f'admin.listen must differ from server.listen, both are "{server}"'
    if not admin.loopback and config.admin.password is None:
        yield (
            f'admin.password is missing, but admin.listen = "{admin}" is open to the network; '
            'add password = "env:NAME", or listen on 127.0.0.1'
        )


def _kafka(config: Config) -> Iterator[str]:
    if config.sources.kafka and config.kafka is None:
        yield 'sources.kafka needs [kafka] with bootstrap_servers = "localhost:9092"'
    if config.kafka is None:
        return
    yield from _brokers(config.kafka)
    yield from _kafka_security(config.kafka)
    heartbeat, session = config.kafka.heartbeat_interval_ms, config.kafka.session_timeout_ms
    if heartbeat * 2 > session:
        yield "kafka.heartbeat_interval_ms must be at most half of kafka.session_timeout_ms"
    if session > config.kafka.max_poll_interval_ms:
        yield "kafka.max_poll_interval_ms must be at least kafka.session_timeout_ms"


def _brokers(kafka: KafkaConfig) -> Iterator[str]:
    for broker in kafka.bootstrap_servers.split(","):
        _, port = split_port(broker.strip())
        if int(port or 1) not in range(1, MAX_PORT + 1):
            yield f"kafka.bootstrap_servers must have ports from 1 to {MAX_PORT}, not {port}"


def _kafka_security(kafka: KafkaConfig) -> Iterator[str]:
    protocol = kafka.security_protocol
    user, password = kafka.sasl_plain_username, kafka.sasl_plain_password
    if protocol.startswith("SASL_") and not (user and password):
        yield (
            f'kafka.security_protocol = "{protocol}" needs kafka.sasl_plain_username and '
            "kafka.sasl_plain_password"
        )
    if not protocol.startswith("SASL_") and (user or password):
        yield (
            f'kafka.security_protocol = "{protocol}" ignores sasl_plain_username and '
            'sasl_plain_password; set "SASL_SSL" or "SASL_PLAINTEXT"'
        )
    files = (kafka.ssl_cafile, kafka.ssl_certfile, kafka.ssl_keyfile)
    if not protocol.endswith("SSL") and any(files):
        yield (
            f'kafka.security_protocol = "{protocol}" ignores ssl_cafile, ssl_certfile and '
            'ssl_keyfile; set "SSL" or "SASL_SSL"'
        )
    if bool(kafka.ssl_certfile) != bool(kafka.ssl_keyfile):
        yield "kafka.ssl_certfile and kafka.ssl_keyfile must be given together"


def _sources(config: Config) -> Iterator[str]:
    topics = config.sources.kafka.topics if config.sources.kafka else ()
    for topic in topics:
        if topic == "relay.outcomes" or topic.endswith(".rejected"):
            yield f'sources.kafka.topics must not hold "{topic}", which the relay itself writes'
    domains: dict[str, str] = {}
    for name, shop in config.sources.shopify.items():
        first = domains.setdefault(shop.domain.lower(), name)
        if first != name:
            yield f"sources.shopify.{name}.domain is the domain of sources.shopify.{first}, too"


def _destinations(config: Config) -> Iterator[str]:
    for name, destination in config.destinations.items():
        if isinstance(destination, TikTokConfig):
            yield from _tiktok(f"destinations.{name}", destination)


def _tiktok(path: str, tiktok: TikTokConfig) -> Iterator[str]:
    code = tiktok.pixel_code
    if code and code.isdigit() and len(code) >= PIXEL_ID_DIGITS:
        yield (
            f"{path}.pixel_code must be the pixel code, not the numeric pixel id; Events Manager "
            'shows the code beside the name of the pixel, such as "C4K6A3Q2NE1S77JXXXXX"'
        )
    ids = (code, tiktok.app_id, tiktok.offline_event_set_id, tiktok.crm_event_set_id)
    if not any(ids):
        yield (
            f"{path} needs at least one of pixel_code, app_id, offline_event_set_id and "
            "crm_event_set_id"
        )


RULES: Final[tuple[Rule, ...]] = (_durations, _sizes, _ports, _kafka, _sources, _destinations)
