"""A file that cannot be used is one line that names the key, the form and an example."""

from pathlib import Path

import pytest

from relay.config import Config, Duration, Listen, PinterestConfig, Size, TikTokConfig, load, parse
from relay.errors import ConfigError

PINTEREST = '[destinations.p]\ntype = "pinterest"\nad_account_id = "549755885175"\n'
TIKTOK = '[destinations.t]\ntype = "tiktok"\npixel_code = "C4K6A3Q2NE1S77JXXXXX"\n'
CANARY = "pina_canary"


def config_of(text: str) -> Config:
    return parse(text, {}, origin="relay.toml")


def problem_of(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        config_of(text)
    message = str(raised.value)
    assert "\n" not in message
    assert raised.value.exit_code == 2
    return message.removeprefix("relay.toml: ")


def test_an_empty_file_is_the_defaults() -> None:
    assert config_of("") == Config()


def test_values_come_in_the_types_that_the_relay_works_with() -> None:
    config = config_of(
        '[server]\nlisten = "localhost:1"\ndrain = "5s"\nmax_body = "1KiB"\n'
        '[admin]\nhosts = ["relay.shop.example"]\n[intake]\ndefault_country = "de"\n'
    )

    assert config.server.listen == Listen("localhost:1")
    assert (config.server.drain, config.server.max_body) == (Duration("5s"), Size("1KiB"))
    assert config.admin.hosts == ("relay.shop.example",)
    assert config.intake.default_country == "DE"


def test_the_type_of_a_destination_chooses_its_keys() -> None:
    destinations = config_of(PINTEREST + TIKTOK).destinations

    assert isinstance(destinations["p"], PinterestConfig)
    assert isinstance(destinations["t"], TikTokConfig)
    assert [each.type for each in destinations.values()] == ["pinterest", "tiktok"]


def test_the_test_mode_of_pinterest_lowers_the_request() -> None:
    plain = config_of(PINTEREST).destinations["p"]
    tested = config_of(PINTEREST + "test = true\nmax_batch = 500").destinations["p"]

    assert (plain.test, plain.max_events, plain.requests_per_s) == (False, 1000, 80)
    assert (tested.test, tested.max_events, tested.requests_per_s) == (True, 20, 10)


def test_a_test_event_code_is_the_test_mode_of_tiktok() -> None:
    plain = config_of(TIKTOK).destinations["t"]
    tested = config_of(TIKTOK + 'test_event_code = "TEST1"').destinations["t"]

    assert (plain.test, plain.max_events, plain.requests_per_s) == (False, 500, 50)
    assert tested.test


def test_the_keys_of_producers_are_beside_the_journal_unless_told() -> None:
    beside = config_of('[journal]\npath = "/var/lib/relay/relay.db"')
    told = config_of('[server]\nkeys_file = "/etc/relay/keys.json"')

    assert beside.keys_path == Path("/var/lib/relay/keys.json")
    assert told.keys_path == Path("/etc/relay/keys.json")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[server]\nlisten = 8080",
            (
                "server.listen must be an address as host:port, IPv6 in brackets, such as "
                'listen = "127.0.0.1:8080"'
            ),
        ),
        (
            "[server]\ndrain = 20",
            (
                "server.drain must be a duration with one of the units ms s m h d, such as "
                'drain = "20s"'
            ),
        ),
        (
            '[server]\nworkers = "4"',
            "server.workers must be a whole number from 0 to 64, such as workers = 1",
        ),
        (
            "[admin]\nmetrics_open = 1",
            "admin.metrics_open must be true or false, such as metrics_open = false",
        ),
        (
            '[admin]\nhosts = "relay.shop.example"',
            (
                "admin.hosts must be a list of host names in quotes, such as "
                'hosts = ["relay.shop.example"]'
            ),
        ),
        (
            '[journal]\nengine = "kafka"',
            'journal.engine must be "sqlite", such as engine = "sqlite"',
        ),
        ('[journal]\npath = ""', 'journal.path must be a file, such as path = "data/relay.db"'),
        ('[journal]\npath = "."', 'journal.path must be a file, such as path = "data/relay.db"'),
        ('[journal]\npath = "/"', 'journal.path must be a file, such as path = "data/relay.db"'),
        (
            "[intake]\ndeduplication_window = 99_999",
            (
                "intake.deduplication_window must be a whole number from 100000 to 10000000, such "
                "as deduplication_window = 100000"
            ),
        ),
        (
            PINTEREST.replace('"549755885175"', "549755885175"),
            (
                "destinations.p.ad_account_id must be up to 18 digits in quotes, such as "
                'ad_account_id = "549755885175"'
            ),
        ),
        (
            PINTEREST + "max_batch = 1001",
            (
                "destinations.p.max_batch must be a whole number from 1 to 1000, such as "
                "max_batch = 1000"
            ),
        ),
        (
            PINTEREST + "rate = 0",
            "destinations.p.rate must be a number above 0 and at most 1000, such as rate = 80",
        ),
        (
            PINTEREST + 'events = ["purchse"]',
            (
                "destinations.p.events must be a list of standard event names, such as "
                'events = ["purchase", "signup"]; did you mean "purchase"?'
            ),
        ),
        (
            '[kafka]\nbootstrap_servers = "https://a:9092"',
            (
                "kafka.bootstrap_servers must be host:port in quotes, or several by comma, without "
                'https://, such as bootstrap_servers = "localhost:9092"'
            ),
        ),
        (
            '[kafka]\nbootstrap_servers = "a:1"\nsecurity_protocol = "SASL-SSL"',
            (
                'kafka.security_protocol must be one of "PLAINTEXT", "SSL", "SASL_PLAINTEXT", '
                '"SASL_SSL", such as security_protocol = "PLAINTEXT"; did you mean "SASL_SSL"?'
            ),
        ),
    ],
)
def test_a_wrong_value_is_told_its_form_with_an_example(text: str, problem: str) -> None:
    assert problem_of(text) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[servr]", "servr is unknown; did you mean server?"),
        ("[server]\nworker = 1", "server.worker is unknown; did you mean server.workers?"),
        (PINTEREST + "rat = 1", "destinations.p.rat is unknown; did you mean destinations.p.rate?"),
        (
            TIKTOK + 'pixel_id = "1"',
            "destinations.t.pixel_id is unknown; did you mean destinations.t.pixel_code?",
        ),
        (
            '[server]\ndefault_country = "US"',
            "server.default_country is unknown here; default_country belongs to [intake]",
        ),
        (
            PINTEREST + 'test_event_code = "T"',
            (
                "destinations.p.test_event_code is unknown here; test_event_code belongs to "
                '[destinations.NAME] of type "tiktok"'
            ),
        ),
        (
            '[admin]\n"a\\nb" = 1',
            (
                'admin."a\\nb" is unknown; known here are listen, password, hosts, '
                "metrics_open, grafana, runbook"
            ),
        ),
    ],
)
def test_an_unknown_key_is_told_the_nearest_one(text: str, problem: str) -> None:
    assert problem_of(text) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server = 1", "server must be a table, written as [server]"),
        (
            "destinations = 1",
            "destinations must be a table of tables, written as [destinations.NAME]",
        ),
        (
            '[destinations]\ntype = "tiktok"',
            "destinations.type must be a table, written as [destinations.NAME]",
        ),
        (
            "[destinations.p]",
            'destinations.p.type is missing; it must be one of "pinterest", "tiktok"',
        ),
        (
            '[destinations.p]\ntype = "pintrest"',
            'destinations.p.type must be one of "pinterest", "tiktok"; did you mean "pinterest"?',
        ),
        (
            '[destinations.p]\ntype = "pinterest"',
            'destinations.p.ad_account_id is missing; add ad_account_id = "549755885175"',
        ),
        (
            '[destinations.Shop_1]\ntype = "tiktok"',
            (
                "destinations.Shop_1 must have a name of 1 to 40 lower-case letters, digits and "
                "hyphens"
            ),
        ),
        (
            "[kafka]\noutcomes = true",
            'kafka.bootstrap_servers is missing; add bootstrap_servers = "localhost:9092"',
        ),
    ],
)
def test_a_table_that_is_not_whole_is_told_what_it_lacks(text: str, problem: str) -> None:
    assert problem_of(text) == problem


def test_the_names_of_destinations_are_bounded_in_number() -> None:
    text = "".join(
        PINTEREST.replace("[destinations.p]", f"[destinations.p{n}]") for n in range(101)
    )

    assert problem_of(text) == "destinations must hold at most 100 tables"


@pytest.mark.parametrize("key", ["token", "base_url", "events", "linger", "unknown"])
def test_a_secret_in_any_place_is_never_quoted(key: str) -> None:
    assert CANARY not in problem_of(f'{PINTEREST}{key} = "{CANARY}"')


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\nb =", "line 2 is no TOML: Invalid value"),
        ("a = 1\nb =\nc = 3\n", "line 2 is no TOML: Invalid value"),
        ("[server]\nlisten = '1'\nlisten = '2'\n", "line 3 is no TOML: Cannot overwrite a value"),
        ("x = " + "[" * 5000, "brackets are nested too deeply"),
        ("x = " + "1" * 5000, "a number has thousands of digits"),
    ],
)
def test_what_is_no_toml_is_told_its_line(text: str, problem: str) -> None:
    assert problem_of(text) == problem


def test_a_missing_file_is_told_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"

    with pytest.raises(ConfigError) as raised:
        load(path, {})

    assert str(raised.value) == (
        f"{path} does not exist; copy deploy/relay.example.toml there, or name another file "
        "with -c FILE"
    )


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    latin, huge = tmp_path / "latin", tmp_path / "huge"
    latin.write_bytes(b"[server]\n# \xe9\n")
    huge.write_bytes(b"#" * (2**20 + 1))

    for path, problem in (
        (tmp_path, "cannot be read: Is a directory"),
        (latin, "line 2 is not UTF-8; save the file as UTF-8"),
        (huge, "is larger than 1048576 bytes"),
    ):
        with pytest.raises(ConfigError, match=problem):
            load(path, {})


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text("[server]\nworkers = 2\n", encoding="utf-8-sig")

    assert load(path, {}).server.workers == 2
