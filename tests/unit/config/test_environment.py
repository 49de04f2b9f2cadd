"""Every key can be set by a variable, and a misspelled one is not passed over."""

import pytest

from relay.config import Config, Duration, TikTokConfig, parse
from relay.errors import ConfigError

FILE = """
[server]
workers = 2
[destinations.pinterest-main]
type = "pinterest"
ad_account_id = "549755885175"
"""


def config_of(**environ: str) -> Config:
    return parse(FILE, environ, origin="relay.toml")


def problem_of(**environ: str) -> str:
    with pytest.raises(ConfigError) as raised:
        config_of(**environ)
    return str(raised.value).removeprefix("relay.toml: ")


def test_a_variable_wins_over_the_file_and_the_default() -> None:
    config = config_of(
        RELAY_SERVER__WORKERS="4",
        RELAY_SERVER__DRAIN="5s",
        RELAY_ADMIN__METRICS_OPEN="true",
        RELAY_DESTINATIONS__PINTEREST_MAIN__RATE="20",
        RELAY_DESTINATIONS__PINTEREST_MAIN__EVENTS="purchase, signup,",
    )

    assert (config.server.workers, config.server.drain) == (4, Duration("5s"))
    assert config.admin.metrics_open
    assert config.destinations["pinterest-main"].rate == 20
    assert config.destinations["pinterest-main"].events == ("purchase", "signup")


def test_a_text_that_looks_like_a_number_stays_a_text() -> None:
    config = config_of(RELAY_DESTINATIONS__PINTEREST_MAIN__AD_ACCOUNT_ID="123")

    assert getattr(config.destinations["pinterest-main"], "ad_account_id", None) == "123"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert config_of(RELAY_SERVER__WORKERS="", RELAY_SERVER__DRAIN=" ") == config_of()


@pytest.mark.parametrize("name", ["DESTINATIONS__PINTEREST_MAIN__EVENTS", "JOURNAL__PATH"])
def test_a_variable_of_other_bytes_than_utf_8_is_refused(name: str) -> None:
    """Python keeps such bytes as halves of surrogate pairs, which are no text to anybody else."""
    assert (
        problem_of(**{f"RELAY_{name}": "caf\udce9"}) == f"RELAY_{name} must be UTF-8; set it again"
    )


def test_a_type_makes_a_destination() -> None:
    config = config_of(
        RELAY_DESTINATIONS__TIKTOK_EU__TYPE="tiktok",
        RELAY_DESTINATIONS__TIKTOK_EU__APP_ID="7000000000000000001",
    )

    assert isinstance(config.destinations["tiktok-eu"], TikTokConfig)
    assert len(config.destinations) == 2


def test_tables_that_the_file_lacks_are_made() -> None:
    config = parse(
        "",
        {
            "RELAY_KAFKA__BOOTSTRAP_SERVERS": "a:9092,b:9092",
            "RELAY_SOURCES__KAFKA__TOPICS": "orders,leads",
            "RELAY_SOURCES__SHOPIFY__LAMP_SHOP__DOMAIN": "lamp-shop.myshopify.com",
            "RELAY_SOURCES__SHOPIFY__LAMP_SHOP__SECRET": "env:SHOPIFY_SECRET",
        },
        origin="relay.toml",
    )

    assert config.kafka is not None
    assert config.kafka.bootstrap_servers == "a:9092,b:9092"
    assert config.sources.kafka is not None
    assert config.sources.kafka.topics == ("orders", "leads")
    assert config.sources.shopify["lamp-shop"].secret == "env:SHOPIFY_SECRET"


def test_what_is_no_override_is_left_alone() -> None:
    others = {"RELAY_API_KEY": "x", "RELAY_CONFIG": "y", "RELAY_PORT_8080_TCP": "z", "HOME": "/"}

    assert config_of(**others, RELAY_ZZZ__ZZZ="1") == config_of()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("RELAY_SERVER__LISTN", "RELAY_SERVER__LISTEN"),
        ("RELAY_SERVR__LISTEN", "RELAY_SERVER__LISTEN"),
        ("RELAY_DESTINATIONS__PINTEREST__RATE", "RELAY_DESTINATIONS__PINTEREST_MAIN__RATE"),
        ("RELAY_DESTINATIONS__PINTEREST_MAIN__RAT", "RELAY_DESTINATIONS__PINTEREST_MAIN__RATE"),
    ],
)
def test_a_misspelled_variable_is_told_the_nearest_one(name: str, nearest: str) -> None:
    assert problem_of(**{name: "1"}) == (
        f"{name} names no key of the configuration; did you mean {nearest}?"
    )


def test_a_wrong_value_is_told_its_variable() -> None:
    assert problem_of(RELAY_SERVER__WORKERS="many") == (
        "server.workers (set by RELAY_SERVER__WORKERS) must be a whole number from 0 to 64, "
        "such as workers = 1"
    )
    assert problem_of(RELAY_DESTINATIONS__X__TYPE="twitter") == (
        "destinations.x.type (set by RELAY_DESTINATIONS__X__TYPE) must be one of "
        '"pinterest", "tiktok"'
    )


def test_a_file_with_something_else_in_the_place_of_a_table_is_told_so() -> None:
    with pytest.raises(ConfigError, match="server must be a table"):
        parse("server = 1", {"RELAY_SERVER__LISTEN": "localhost:1"}, origin="relay.toml")
