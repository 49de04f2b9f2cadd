"""The command line as a process: exit codes, one line for every error, and no relay needed."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.given.command.process import Shop, assert_one_line, command

CONFIG = """\
[destinations.pinterest-main]
type = "pinterest"
ad_account_id = "549755885175"
token = "env:PINTEREST_TOKEN"
base_url = "{url}"
[destinations.tiktok-main]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
token = "env:TIKTOK_TOKEN"
base_url = "{url}"
"""

SOURCES = """\
[destinations.pinterest-main]
type = "pinterest"
ad_account_id = "549755885175"
token = "env:HOME"
[kafka]
bootstrap_servers = "localhost:9092"
security_protocol = "SASL_SSL"
sasl_plain_username = "relay"
sasl_plain_password = "env:KAFKA_PASSWORD"
[sources.shopify.lamp-shop]
domain = "lamp-shop.myshopify.com"
secret = "env:SHOPIFY_SECRET"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(tmp_path)


def test_the_version_is_that_of_the_package(shop: Shop) -> None:
    assert shop.run("--version").out.startswith("relay 0.")


def test_help_lists_the_commands_in_the_order_of_their_use(shop: Shop) -> None:
    text = shop.run("--help").out

    assert text.index("  serve ") < text.index("  status ") < text.index("  completion ")
    assert "demo" not in text


def test_no_command_at_all_is_wrong_usage_and_shows_the_help(shop: Shop) -> None:
    ended = shop.run()

    assert ended.code == 2
    assert "Commands:" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["staus"], ["staus", "Did you mean", "'status'"]),
        (["status", "--rage", "1h"], ["relay status --help"]),
        (["hash", "email"], ["VALUE"]),
        (["event"], ["EVENT_ID"]),
        (["dead", "replay"], ["--destination"]),
        (["dead", "drop", "--yes"], ["--reason"]),
        (["dead", "list", "--since", "yesterday"], ["7d"]),
        (["serve", "--scenario", "ok"], ["--sandbox"]),
        (["serve", "--example"], ["--sandbox", "real platforms would count"]),
        (["serve", "--sandbox", "--scenario", "chaos"], ["chaos", "flaky"]),
        (["sandbox", "--listen", "8090"], ["--listen", "host:port"]),
        (["send", "missing.ndjson"], ["missing.ndjson"]),
        (["send", "-", "--url", "shop.example"], ["http://"]),
        (["completion", "tcsh"], ["fish"]),
    ],
)
def test_wrong_usage_is_one_line_and_2(shop: Shop, arguments: list[str], words: list[str]) -> None:
    assert_one_line(shop.run(*arguments), 2, *words)


@pytest.mark.parametrize("arguments", [["serve"], ["check"]])
def test_a_missing_configuration_says_where_to_get_one(shop: Shop, arguments: list[str]) -> None:
    assert_one_line(shop.run(*arguments), 2, "relay.toml", "relay.example.toml")


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["event", "order-1"],
        ["dead", "list"],
        ["dead", "show", "1"],
        ["dead", "replay", "--id", "1"],
        ["pause", "x"],
        ["resume", "x"],
        ["send", "-"],
        ["demo"],
    ],
)
def test_without_a_relay_every_command_says_how_to_get_one(
    shop: Shop, arguments: list[str]
) -> None:
    assert_one_line(shop.run(*arguments, stdin="{}\n"), 1, "relay serve")


def test_check_prints_what_is_in_force_and_no_secret(shop: Shop) -> None:
    shop.folder.joinpath("relay.toml").write_text(CONFIG.format(url="http://127.0.0.1:1"))

    ended = shop.run("check", PINTEREST_TOKEN="pina_canary")

    assert ended.code == 0
    assert f'server.listen = "127.0.0.1:{shop.producers}"' in ended.out
    assert 'token = "env:PINTEREST_TOKEN" (set)' in ended.out
    assert "tiktok-main has no token yet" in ended.err
    assert "pina_canary" not in ended.out + ended.err


def test_check_names_the_sources_whose_secret_is_missing(shop: Shop) -> None:
    shop.folder.joinpath("relay.toml").write_text(SOURCES)

    ended = shop.run("check")
    assert ended.code == 0
    assert "kafka.sasl_plain_password holds nothing yet" in ended.err
    assert "sources.shopify.lamp-shop has no secret yet" in ended.err

    ended = shop.run("check", KAFKA_PASSWORD="canary", SHOPIFY_SECRET="canary")
    assert ended.code == 0
    assert "yet" not in ended.err
    assert "canary" not in ended.out + ended.err


def test_check_names_the_proxy_without_its_password(shop: Shop) -> None:
    shop.folder.joinpath("relay.toml").write_text(CONFIG.format(url="https://platform.example"))
    ended = shop.run("check", https_proxy="http://jane:s3cret@proxy.example:3128")
    assert ended.code == 0
    assert "requests to pinterest-main, tiktok-main go through proxy.example:3128" in ended.err
    assert "s3cret" not in ended.out + ended.err

    ended = shop.run("check", https_proxy="http://proxy.example:3128", NO_PROXY="platform.example")
    assert ended.code == 0
    assert "proxy" not in ended.err.lower()

    ended = shop.run("check", https_proxy="socks5://jane:s3cret@proxy.example")
    assert_one_line(ended, 2, 'HTTPS_PROXY must be "http://HOST:PORT"')


def test_check_names_the_first_mistake(shop: Shop) -> None:
    shop.folder.joinpath("other.toml").write_text('[server]\nlisen = "127.0.0.1:1"\n')

    assert_one_line(shop.run("check", "-c", "other.toml"), 2, "other.toml", "server.listen")
    assert_one_line(shop.run("check", RELAY_CONFIG="other.toml"), 2, "server.listen")

    ended = shop.run("check", "-c", "other.toml", "--json")
    assert ended.code == 2
    assert json.loads(ended.out)["valid"] is False


def test_check_refuses_what_serve_would_refuse(shop: Shop) -> None:
    shop.folder.joinpath("relay.toml").write_text('[server]\nlisten = "0.0.0.0:1"\n')
    ended = shop.run("check", RELAY_SERVER__LISTEN="0.0.0.0:8080")

    assert_one_line(ended, 2, "relay keys create")


def test_check_live_tells_a_good_credential_from_a_bad_one(shop: Shop) -> None:
    with shop.running("sandbox", "--listen", f"127.0.0.1:{shop.producers}") as sandbox:
        url = f"http://127.0.0.1:{shop.producers}"
        sandbox.wait_until(lambda: url in sandbox.out)
        shop.folder.joinpath("relay.toml").write_text(CONFIG.format(url=url))
        good = {"PINTEREST_TOKEN": "pina_good", "TIKTOK_TOKEN": "good"}

        fine = shop.run("check", "--live", **good)
        bad = shop.run("check", "--live", "--json", **{**good, "TIKTOK_TOKEN": "expired"})
        unknown = shop.run(
            "check",
            *("--live", "--json", "--test-event-code", "TEST1"),
            RELAY_DESTINATIONS__TIKTOK_MAIN__PIXEL_CODE="UNKNOWN1",
            **good,
        )

        assert sandbox.end() == 0
    assert fine.code == 0, fine
    assert bad.code == unknown.code == 1
    assert [each["reason"] for each in json.loads(bad.out)["live"]] == [None, "token_expired"]
    assert [each["reason"] for each in json.loads(unknown.out)["live"]] == [None, "pixel_not_found"]


@pytest.mark.parametrize(
    ("scenario", "verdicts", "words"),
    [
        ("bad-token", ["wrong", "wrong"], ["Generate new token", "Generate Access Token"]),
        ("outage", ["unknown", "unknown"], ["Try again later"]),
        ("poison", ["ok", "ok"], ["takes the token"]),
    ],
)
def test_check_live_says_what_a_platform_in_trouble_means(
    shop: Shop, scenario: str, verdicts: list[str], words: list[str]
) -> None:
    at = f"127.0.0.1:{shop.producers}"
    with shop.running("sandbox", "--listen", at, "--scenario", scenario) as sandbox:
        sandbox.wait_until(lambda: at in sandbox.out)
        shop.folder.joinpath("relay.toml").write_text(CONFIG.format(url=f"http://{at}"))
        asked = shop.run("check", "--live", PINTEREST_TOKEN="pina_good", TIKTOK_TOKEN="good")
        assert sandbox.end() == 0

    lines = [line for line in asked.out.splitlines() if "-main, " in line]
    assert [line.split(": ")[1].split(".")[0] for line in lines] == verdicts
    assert all(word in " ".join(asked.out.split()) for word in words), asked.out
    assert asked.code == (0 if verdicts == ["ok", "ok"] else 1)


def test_a_value_can_be_kept_out_of_the_history_of_the_shell(shop: Shop) -> None:
    by_argument = shop.run("hash", "email", "jane@example.com", "--json")
    by_stdin = shop.run("hash", "email", "-", "--json", stdin="jane@example.com\n")

    assert by_stdin == by_argument


def test_a_reader_that_has_enough_ends_the_command_quietly(shop: Shop) -> None:
    shop.folder.joinpath("relay.toml").write_text(CONFIG.format(url="http://127.0.0.1:1"))
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "wb") as closed:
        done = subprocess.run(
            command("check"),
            cwd=shop.folder,
            env=shop.environment({"PINTEREST_TOKEN": "a", "TIKTOK_TOKEN": "b"}),
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_and_the_script_its_words(shop: Shop, shell: str) -> None:
    assert "_RELAY_COMPLETE" in shop.run("completion", shell).out

    words = {"COMP_WORDS": "relay sta", "COMP_CWORD": "1" if shell != "fish" else "sta"}
    completed = shop.run(_RELAY_COMPLETE=f"{shell}_complete", **words)
    assert "status" in completed.out


def test_an_unexpected_error_is_one_line_and_its_place_only_on_demand(shop: Shop) -> None:
    shop.folder.joinpath("schemas").mkdir()
    shop.folder.joinpath("schemas/event.schema.json").mkdir()

    quiet, told = shop.run("schemas"), shop.run("schemas", RELAY_DEBUG="1")

    assert_one_line(quiet, 1, "RELAY_DEBUG=1")
    assert "relay.cli.schemas" in told.err
    assert "Traceback" not in told.err
