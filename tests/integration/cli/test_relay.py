"""The commands against a real relay with emulated platforms: events in, looked at, acted upon."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, time
from typing import Any

import pytest

from tests.given.command.process import Running, Shop, answers, command, fetch

TIMEOUT_S = 10
"""How long an unanswered request takes, unless something ends it earlier."""


def event(event_id: str, **changes: Any) -> str:
    whole = {
        "event": "purchase",
        "event_id": event_id,
        "event_time": int(time()),
        "user": {"email": "jane@example.com"},
        "order": {"value": "5.00", "currency": "USD", "order_id": f"order of {event_id}"},
        "page": {"url": "https://shop.example/thanks"},
    }
    return json.dumps(whole | changes)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(tmp_path)


@pytest.fixture
def relay(shop: Shop) -> Iterator[Running]:
    with shop.serving("--sandbox") as process:
        yield process


def logged(relay: Running) -> list[dict[str, Any]]:
    return [json.loads(line) for line in relay.err.splitlines()]


def settled(shop: Shop, relay: Running) -> list[dict[str, Any]]:
    """Return the destinations once nothing waits there."""
    found: list[dict[str, Any]] = []

    def nothing_waits() -> bool:
        found[:] = json.loads(shop.run("status", "--json").out)["destinations"]
        return not any(each["pending"] for each in found)

    relay.wait_until(nothing_waits)
    return found


def test_events_go_in_and_their_story_can_be_told(shop: Shop, relay: Running) -> None:
    sent = shop.run("send", "-", stdin=f"{event('a')}\n\n{event('b', user={'epik': 'x'})}\n")
    assert (sent.code, sent.out) == (0, "2 accepted, 0 rejected.\n")

    for each in settled(shop, relay):
        assert each["received"] == each["skipped"] + each["delivered"] + each["dead"] == 2

    status = shop.run("status")
    assert "Last 24 hours: 2 received" in status.out
    assert "pinterest-sandbox" in status.out
    assert re.search(r"Journal: \d+ KiB of 10\.00 GiB, room for [\d.]+ [KMG]iB more\.", status.out)
    assert "\x1b" not in status.out

    by_order = shop.run("event", "--order", "order of a")
    assert "purchase a, order order of a" in by_order.out
    assert "tiktok-sandbox: delivered as Purchase, 1st try" in by_order.out
    [found] = json.loads(shop.run("event", "a", "--json").out)["events"]
    assert {each["state"] for each in found["deliveries"]} == {"delivered"}
    assert shop.run("event", "nobody").code == 1
    assert relay.end() == 0
    assert Path(shop.folder, "data", "relay.db.sandbox").exists()


def test_what_is_rejected_is_told_by_its_line_and_ends_with_1(shop: Shop, relay: Running) -> None:
    file = shop.folder / "events.ndjson"
    file.write_text(f"\n{event('a', user={'email': 'a@b.co', 'phone': 'x'})}\n{{\n{event('')}\n")

    sent = shop.run("send", "events.ndjson", "--url", f"http://127.0.0.1:{shop.producers}/")

    assert sent.code == 1
    assert sent.out == "1 accepted, 2 rejected, 1 warning.\n"
    lines = sent.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["line 3", "line 4", "line 2"]
    assert "at event_id" in lines[1]


def test_sending_a_file_twice_does_no_harm(shop: Shop, relay: Running) -> None:
    file = shop.folder / "events.ndjson"
    file.write_text("".join(f"{event(f'order-{number}')}\n" for number in range(1200)))

    assert shop.run("send", "events.ndjson").out == "1,200 accepted, 0 rejected.\n"
    assert shop.run("send", "events.ndjson").code == 0

    for each in settled(shop, relay):
        assert (each["delivered"], each["skipped"]) == (1200, 1200)


def test_dead_letters_are_listed_shown_replayed_and_put_away(shop: Shop, relay: Running) -> None:
    shop.run("send", "-", stdin=f"{event('a', page=None)}\n{event('b', page=None)}\n")
    settled(shop, relay)

    listed = shop.run("dead", "list", "--destination", "tiktok-sandbox")
    assert "2 dead letters." in listed.out
    page = json.loads(shop.run("dead", "list", "--json", "--limit", "1").out)
    assert (page["total"], len(page["dead_letters"])) == (2, 1)
    rest = json.loads(shop.run("dead", "list", "--json", "--cursor", page["next"]).out)
    assert len(rest["dead_letters"]) == 1
    assert shop.run("dead", "list", "--until", "1h").out == "No dead letter matches.\n"

    shown = shop.run("dead", "show", "a")
    assert "To do: " in shown.out
    assert "page.url" in shown.out
    assert shop.run("dead", "show", page["dead_letters"][0]["id"], "--json").code == 0
    assert shop.run("dead", "show", "nobody").code == 1

    trial = shop.run("dead", "replay", "--since", "1h", "--dry-run", "--json")
    assert json.loads(trial.out) == {
        "matched": 2,
        "replayed": 2,
        "expired": 0,
        "dry_run": True,
        "barred": 0,
        "outside_deduplication": 0,
    }
    replayed = shop.run("dead", "replay", "--event", "purchase")
    assert replayed.out == "2 dead letters matched; 2 will be sent.\n"
    settled(shop, relay)
    identity = json.loads(shop.run("dead", "list", "--json").out)["dead_letters"][0]["id"]
    dropped = shop.run("dead", "drop", "--id", identity, "--note", "test order")
    assert dropped.out == "1 dead letter matched; 1 dropped.\n"
    assert "Note: test order" in shop.run("dead", "show", identity).out


def test_on_a_terminal_a_no_leaves_everything_as_it_is(shop: Shop, relay: Running) -> None:
    shop.run("send", "-", stdin=f"{event('a', page=None)}\n")
    settled(shop, relay)
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"a test order\nn\n")
        done = subprocess.run(
            command("dead", "drop", "--reason", "invalid_event"),
            cwd=shop.folder,
            env=shop.environment({}),
            stdin=theirs,
            capture_output=True,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)

    assert done.returncode == 1
    assert b"Drop 1 dead letter?" in done.stderr
    [letter] = json.loads(shop.run("dead", "list", "--json").out)["dead_letters"]
    assert letter["reason"] == "invalid_event"


def test_a_destination_is_paused_and_resumed_by_hand(shop: Shop, relay: Running) -> None:
    assert (
        shop.run("pause", "tiktok-sandbox").out == "tiktok-sandbox is paused; 0 events waiting.\n"
    )
    shop.run("send", "-", stdin=f"{event('a')}\n")

    assert "tiktok-sandbox: paused since" in shop.run("status").out
    assert "tiktok-sandbox: waiting" in shop.run("event", "a").out

    assert shop.run("resume", "tiktok-sandbox").code == 0
    assert all(each["delivered"] == 1 for each in settled(shop, relay))
    unknown = shop.run("pause", "tiktok")
    assert unknown.code == 2
    assert "known: pinterest-sandbox, tiktok-sandbox" in unknown.err


def test_the_demo_makes_up_a_busy_minute(shop: Shop, relay: Running) -> None:
    demo = shop.run("demo", "--count", "700")

    assert demo.code == 0
    assert demo.out.startswith("700 accepted, 0 rejected.\n")
    for each in settled(shop, relay):
        assert each["dead"] == 0
        assert each["skipped"] < each["delivered"]


def test_the_demo_makes_up_nothing_for_a_platform_that_would_count_it(shop: Shop) -> None:
    shop.folder.joinpath("relay.toml").write_text(
        '[destinations.real]\ntype = "pinterest"\nad_account_id = "549755885175"\n'
        'base_url = "https://127.0.0.1:1"\n'
        '[destinations.tried]\ntype = "pinterest"\nad_account_id = "549755885176"\n'
        'base_url = "https://127.0.0.1:1"\ntest = true\n'
    )
    with shop.serving():
        demo = shop.run("demo", "--count", "3")

        assert demo.code == 2
        assert "relay: real would count these made-up purchases" in demo.err
        assert json.loads(shop.run("status", "--json").out)["received"] == 0


def test_the_example_shows_what_became_of_it_and_serving_goes_on(shop: Shop) -> None:
    with shop.serving("--sandbox", "--example") as relay:
        relay.wait_until(lambda: "relay event order-" in relay.out)
        pasted = relay.out[relay.out.index("curl ") :].partition("\n\n")[0]
        subprocess.run(["bash", "-c", pasted], check=True, capture_output=True, timeout=30)
        last = relay.out.strip().splitlines()[-1]
        settled(shop, relay)

        told = shop.run("event", last.rpartition(" ")[2])
        code = relay.end(signal.SIGINT)

    assert "11 example events posted" in relay.out
    assert "pinterest-sandbox: delivered as checkout" in told.out
    assert code == 0


def test_where_nobody_reads_the_example_serving_goes_on(shop: Shop) -> None:
    """As with `relay serve --example | head -1`."""
    with subprocess.Popen(
        command("serve", "--sandbox", "--example"),
        cwd=shop.folder,
        env=shop.environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as relay:
        try:
            assert relay.stdout
            assert relay.stderr
            relay.stdout.readline()
            relay.stdout.close()
            assert any(b"the example was not shown: nobody reads" in line for line in relay.stderr)
            assert answers(shop.admin, "/readyz")
            relay.terminate()
            assert relay.wait(TIMEOUT_S) == 0
        finally:
            relay.kill()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_a_second_signal_ends_it_at_once_and_loses_nothing(
    shop: Shop, number: signal.Signals, code: int
) -> None:
    with shop.serving("--sandbox") as relay:
        hang(relay, shop)
        relay.send(number)
        relay.wait_until(lambda: not answers(shop.producers, "/openapi.json"))
        assert relay.end(number) == code

    with shop.serving("--sandbox") as relay:
        assert all(each["delivered"] == 1 for each in settled(shop, relay))


def test_a_platform_that_hangs_cannot_hold_up_the_end(shop: Shop) -> None:
    with shop.serving("--sandbox", RELAY_SERVER__DRAIN="1s") as relay:
        hang(relay, shop)
        begun_s = monotonic()

        assert relay.end() == 0

    assert monotonic() - begun_s < TIMEOUT_S - 3


def hang(relay: Running, shop: Shop) -> None:
    """Let the emulated platforms hang, and wait until a request hangs at each of them."""
    [url] = [line["listen"] for line in logged(relay) if line["message"].endswith("emulated")]
    script = {"steps": [{"action": {"delay_s": 60}}]}
    fetch(f"{url}/sandbox/script", json.dumps(script).encode())
    shop.run("send", "-", stdin=f"{event('a')}\n")
    relay.wait_until(lambda: len(fetch(f"{url}/sandbox/requests")["requests"]) == 2)


@pytest.mark.parametrize("port", ["producers", "admin"])
def test_a_port_that_is_taken_is_one_line(shop: Shop, port: str) -> None:
    with socket.create_server(("127.0.0.1", getattr(shop, port))):
        ended = shop.run("serve", "--sandbox")

    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("relay: cannot listen on 127.0.0.1:")
    assert "Traceback" not in ended.err


def test_a_journal_in_use_is_one_line(shop: Shop, relay: Running) -> None:
    ended = shop.run("serve", "--sandbox")

    assert ended.code != 0
    assert "another relay" in ended.err.splitlines()[-1]


def test_a_secret_is_read_again_on_sighup(shop: Shop) -> None:
    token = shop.folder / "token"
    token.write_text("bad")
    shop.folder.joinpath("relay.toml").write_text(
        '[destinations.tiktok-main]\ntype = "tiktok"\npixel_code = "C4K6A3Q2NE1S77JXXXXX"\n'
        f'token = "file:{token}"\n'
    )
    with shop.serving("--sandbox") as relay:
        shop.run("send", "-", stdin=f"{event('a')}\n")
        relay.wait_until(lambda: "token_rejected" in shop.run("status", "--json").out)
        token.write_text("good")
        relay.send(signal.SIGHUP)

        assert [each["delivered"] for each in settled(shop, relay)] == [1]


def test_where_no_terminal_is_there_is_json_only(shop: Shop, relay: Running) -> None:
    assert relay.end() == 0
    assert relay.out == ""
    assert f"127.0.0.1:{shop.producers}" in [line.get("listen") for line in logged(relay)]


def test_a_password_is_taken_from_the_configuration_of_the_relay(shop: Shop) -> None:
    config = shop.folder / "relay.toml"
    config.write_text('[admin]\npassword = "env:ADMIN_PASSWORD"\n')
    with shop.serving("--sandbox", ADMIN_PASSWORD="pass wörd"):
        known = shop.run("status", ADMIN_PASSWORD="pass wörd")
        wrong = shop.run("status", ADMIN_PASSWORD="pass")
        missing = shop.run("status")

    assert known.code == 0
    assert "pinterest-sandbox" in known.out
    assert wrong.code == missing.code == 2
    assert "wants its password" in wrong.err


def test_a_password_in_a_file_is_read_again(shop: Shop) -> None:
    place = shop.folder / "password"
    place.write_text("first\n")
    config = shop.folder / "relay.toml"
    config.write_text(f'[admin]\npassword = "file:{place}"\n')
    with shop.serving("--sandbox") as relay:
        assert shop.run("status").code == 0
        place.write_text("second\n")
        relay.wait_until(lambda: shop.run("status").code == 0)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_it_serves_with_standard_streams_closed(shop: Shop, closed: str) -> None:
    """As some supervisors start their processes: there is nobody to tell anything."""
    line = ["sh", "-c", f'exec "$@" {closed}', "sh", *command("serve", "--sandbox")]
    process = subprocess.Popen(line, cwd=shop.folder, env=shop.environment({}))
    relay = Running(process, Path(os.devnull), Path(os.devnull))
    try:
        relay.wait_until(lambda: answers(shop.admin, "/readyz"))
        assert shop.run("send", "-", stdin=event("a")).code == 0
        assert relay.end() == 0
    finally:
        process.kill()
        process.wait()
