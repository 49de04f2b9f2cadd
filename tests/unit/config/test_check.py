"""The rules between keys, and those that hold only for a service that starts."""

import pytest

from relay.config import check_start, parse
from relay.config.check import secrets
from relay.errors import ConfigError

PINTEREST = '[destinations.p]\ntype = "pinterest"\nad_account_id = "549755885175"\n'
TIKTOK = '[destinations.t]\ntype = "tiktok"\n'
KAFKA = '[kafka]\nbootstrap_servers = "localhost:9092"\n'
SASL = 'security_protocol = "SASL_SSL"\nsasl_plain_username = "relay"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[server]\ndrain = "0s"', 'server.drain must be longer than zero, such as "20s"'),
        ('[server]\nmax_body = "0B"', 'server.max_body must be larger than zero, such as "5MiB"'),
        (
            '[journal]\nmax_size = "1023KiB"',
            'journal.max_size must be at least "1MiB": less can hardly hold anything',
        ),
        (
            f'{PINTEREST}timeout = "0ms"',
            'destinations.p.timeout must be longer than zero, such as "20s"',
        ),
        (f'{PINTEREST}linger = "2m"', "destinations.p.linger must be at most 60s"),
        (
            '[server]\nlisten = "localhost:1"\n[admin]\nlisten = "localhost:1"',
            'admin.listen must differ from server.listen, both are "localhost:1"',
        ),
        (
            '[admin]\nlisten = "[::]:8081"',
            (
                'admin.password is missing, but admin.listen = "[::]:8081" is open to the network; '
                'add password = "env:NAME", or listen on 127.0.0.1'
            ),
        ),
        (
            TIKTOK,
            (
                "destinations.t needs at least one of pixel_code, app_id, offline_event_set_id and "
                "crm_event_set_id"
            ),
        ),
        (
            f'{TIKTOK}pixel_code = "7012345678901234567"',
            (
                "destinations.t.pixel_code must be the pixel code, not the numeric pixel id; "
                "Events Manager shows the code beside the name of the pixel, such as "
                '"C4K6A3Q2NE1S77JXXXXX"'
            ),
        ),
        (
            '[sources.kafka]\ntopics = ["conversions"]',
            'sources.kafka needs [kafka] with bootstrap_servers = "localhost:9092"',
        ),
        (
            '[kafka]\nbootstrap_servers = "a:9092, [::1]:99999"',
            "kafka.bootstrap_servers must have ports from 1 to 65535, not 99999",
        ),
        (
            f'{KAFKA}[sources.kafka]\ntopics = ["relay.outcomes"]',
            'sources.kafka.topics must not hold "relay.outcomes", which the relay itself writes',
        ),
        (
            f"{KAFKA}{SASL}",
            (
                'kafka.security_protocol = "SASL_SSL" needs kafka.sasl_plain_username and '
                "kafka.sasl_plain_password"
            ),
        ),
        (
            f'{KAFKA}sasl_plain_username = "relay"',
            (
                'kafka.security_protocol = "PLAINTEXT" ignores sasl_plain_username and '
                'sasl_plain_password; set "SASL_SSL" or "SASL_PLAINTEXT"'
            ),
        ),
        (
            f'{KAFKA}ssl_cafile = "ca.pem"',
            (
                'kafka.security_protocol = "PLAINTEXT" ignores ssl_cafile, ssl_certfile and '
                'ssl_keyfile; set "SSL" or "SASL_SSL"'
            ),
        ),
        (
            f'{KAFKA}security_protocol = "SSL"\nssl_certfile = "relay.pem"',
            "kafka.ssl_certfile and kafka.ssl_keyfile must be given together",
        ),
        (
            f"{KAFKA}heartbeat_interval_ms = 6000",
            "kafka.heartbeat_interval_ms must be at most half of kafka.session_timeout_ms",
        ),
        (
            f"{KAFKA}max_poll_interval_ms = 9000",
            "kafka.max_poll_interval_ms must be at least kafka.session_timeout_ms",
        ),
        (
            (
                '[sources.shopify.a]\ndomain = "lamp.myshopify.com"\nsecret = "env:A"\n'
                '[sources.shopify.b]\ndomain = "LAMP.myshopify.com"\nsecret = "env:B"\n'
            ),
            "sources.shopify.b.domain is the domain of sources.shopify.a, too",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_one_sentence(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text, {}, origin="relay.toml")

    assert str(raised.value) == f"relay.toml: {problem}"


@pytest.mark.parametrize(
    "text",
    [
        '[journal]\nmax_size = "1MiB"',
        f'{PINTEREST}linger = "60s"',
        f"{KAFKA}heartbeat_interval_ms = 5000",
        f"{KAFKA}max_poll_interval_ms = 10000",
    ],
)
def test_what_just_goes_together_is_taken(text: str) -> None:
    parse(text, {}, origin="relay.toml")


def test_both_ports_may_take_any_free_one() -> None:
    text = '[server]\nlisten = "localhost:0"\n[admin]\nlisten = "localhost:0"'
    config = parse(text, {}, origin="relay.toml")
    assert (config.server.listen.port, config.admin.listen.port) == (0, 0)


def start(text: str, **environ: str) -> None:
    check_start(parse(text, {}, origin="relay.toml"), environ)


def test_a_destination_without_its_token_is_no_reason_not_to_start() -> None:
    start(PINTEREST)
    start(f'{PINTEREST}token = "env:TOKEN"')
    start(f'{PINTEREST}token = "file:/nowhere/token"')


def test_a_token_that_cannot_be_one_is_a_reason() -> None:
    with pytest.raises(ConfigError, match=r"^destinations\.p\.token: env:TOKEN must hold one word"):
        start(f'{PINTEREST}token = "env:TOKEN"', TOKEN="pina_canary x")


def test_every_secret_is_looked_at() -> None:
    text = (
        '[admin]\npassword = "env:A"\n'
        f'{KAFKA}{SASL}sasl_plain_password = "env:B"\n'
        '[sources.shopify.lamp]\ndomain = "lamp.myshopify.com"\nsecret = "env:C"\n'
        f'{PINTEREST}token = "env:D"\n'
    )

    found = list(secrets(parse(text, {}, origin="relay.toml")))

    assert found == [
        ("admin.password", "env:A"),
        ("kafka.sasl_plain_password", "env:B"),
        ("sources.shopify.lamp.secret", "env:C"),
        ("destinations.p.token", "env:D"),
    ]


@pytest.mark.parametrize("listen", ["[::]:8081", "127.0.0.1:8081"])
def test_the_admin_port_never_opens_without_the_password_that_it_was_given(listen: str) -> None:
    text = f'[admin]\nlisten = "{listen}"\npassword = "env:PASSWORD"'

    start(text, PASSWORD="open sesame")
    with pytest.raises(ConfigError, match="env:PASSWORD is missing or empty"):
        start(text)
    with pytest.raises(ConfigError, match="env:PASSWORD is missing or empty"):
        start(text, PASSWORD=" ")
