"""The configuration as `relay check` and the documentation tell it."""

from relay.config import describe, json_schema, parse
from tests.given.config.known_key import known_keys

FILE = """
[admin]
hosts = ["relay.shop.example"]
[destinations.t]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
token = "env:TIKTOK_TOKEN"
[destinations.p]
type = "pinterest"
ad_account_id = "549755885175"
token = "env:PINTEREST_TOKEN"
[sources.shopify.lamp]
domain = "lamp.myshopify.com"
secret = "env:SHOPIFY"
"""


def test_what_is_in_force_is_told_in_a_fixed_order_as_toml() -> None:
    config = parse(FILE, {}, origin="relay.toml")

    lines = describe(config, {})

    assert lines == describe(config, {})
    assert lines[0] == 'server.listen = "127.0.0.1:8080"'
    assert 'admin.hosts = ["relay.shop.example"]' in lines
    assert 'journal.retention = "7d"' in lines
    named = [line for line in lines if ".type = " in line]
    assert named == ['destinations.p.type = "pinterest"', 'destinations.t.type = "tiktok"']


def test_a_secret_is_told_by_its_place_and_whether_it_is_there() -> None:
    config = parse(FILE, {}, origin="relay.toml")

    lines = describe(config, {"PINTEREST_TOKEN": "pina_canary", "TIKTOK_TOKEN": "canary canary"})

    assert 'destinations.p.token = "env:PINTEREST_TOKEN" (set)' in lines
    assert 'destinations.t.token = "env:TIKTOK_TOKEN" (unusable)' in lines
    assert 'sources.shopify.lamp.secret = "env:SHOPIFY" (not set)' in lines
    assert "canary" not in " ".join(lines)


def test_every_key_is_known_with_a_sentence_and_its_variable() -> None:
    keys = {(key.path, key.kind): key for key in known_keys()}

    assert all(key.description.endswith((".", "?")) for key in keys.values())
    assert all("\n" not in key.description for key in keys.values())
    rate = keys["destinations.NAME.rate", "tiktok"]
    assert (rate.default, rate.variable) == ("50", "RELAY_DESTINATIONS__NAME__RATE")
    assert keys["kafka.bootstrap_servers", ""].required


def test_the_schema_holds_the_defaults_as_they_are_written() -> None:
    definitions = json_schema()["$defs"]

    assert definitions["ServerConfig"]["properties"]["drain"]["default"] == "20s"
    assert definitions["JournalConfig"]["properties"]["max_size"]["default"] == "10GiB"
    assert definitions["PinterestConfig"]["required"] == ["type", "ad_account_id"]
