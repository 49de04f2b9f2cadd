"""Nothing of a sandbox can reach a platform or a real journal."""

from pathlib import Path

from relay.config import BaseUrl, parse, sandbox_config, sandboxed

EMULATOR = BaseUrl("http://127.0.0.1:9090")
FILE = """
[journal]
path = "/var/lib/relay/relay.db"
[kafka]
bootstrap_servers = "kafka.shop.example:9092"
[sources.kafka]
topics = ["conversions"]
[destinations.p]
type = "pinterest"
ad_account_id = "549755885175"
rate = 5
[destinations.t]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
base_url = "https://business-api.tiktok.com"
"""


def test_a_sandbox_needs_no_file_and_has_both_platforms() -> None:
    config = sandbox_config({"RELAY_SERVER__LISTEN": "localhost:7000"})

    assert [each.type for each in config.destinations.values()] == ["pinterest", "tiktok"]
    assert config.server.listen == "localhost:7000"


def test_every_destination_and_the_journal_are_replaced_and_the_rest_stays() -> None:
    config = parse(FILE, {}, origin="relay.toml")

    sandbox = sandboxed(config, EMULATOR)

    assert {each.base_url for each in sandbox.destinations.values()} == {EMULATOR}
    assert sandbox.journal.path == Path("/var/lib/relay/relay.db.sandbox")
    assert sandbox.destinations["p"].rate == 5
    assert sandbox.server == config.server


def test_a_file_that_names_no_platform_has_both_in_the_sandbox() -> None:
    """Whoever only needs other ports for a trial wants to see both."""
    config = parse('[server]\nlisten = "127.0.0.1:7000"\n', {}, origin="relay.toml")

    sandbox = sandboxed(config, EMULATOR)

    assert [each.type for each in sandbox.destinations.values()] == ["pinterest", "tiktok"]
    assert {each.base_url for each in sandbox.destinations.values()} == {EMULATOR}
    assert not config.destinations


def test_topics_are_read_with_a_group_of_its_own() -> None:
    """What a trial reads is not taken from the real relay."""
    config = parse(FILE, {}, origin="relay.toml")

    sandbox = sandboxed(config, EMULATOR)

    assert sandbox.sources.kafka is not None
    assert sandbox.sources.kafka.group_id == "relay.sandbox"
    assert sandbox.sources.kafka.topics == ("conversions",)
