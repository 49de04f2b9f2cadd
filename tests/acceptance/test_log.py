"""The log of a running relay: a JSON line for each request and change of state, none an event."""

import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from relay.sandbox.server import Sandbox
from tests.acceptance.process import Relay, purchase

EVENTS = 500
NAMING = {"tiktok-main"}
"""Of the emulated platforms, those that give their answers an id."""
PLATFORMS = ("pinterest-main", "tiktok-main")


def lines(folder: Path) -> Sequence[Any]:
    """Return the log; every line of it must be JSON."""
    return [msgspec.json.decode(line) for line in (folder / "relay.log").read_bytes().splitlines()]


async def test_a_run_is_told_by_the_batch_and_by_the_change_of_state(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("expired-token")
    environ = {
        f"RELAY_DESTINATIONS__{name}_MAIN__TOKEN": f"file:{token}"
        for name in ("PINTEREST", "TIKTOK")
    }
    async with Sandbox() as sandbox, Relay(tmp_path, sandbox.url, environ=environ) as relay:
        body = [purchase(f"order-{number}") for number in range(EVENTS)]
        async with aiohttp.request("POST", f"{relay.producers}/v1/events", json=body) as answer:
            assert answer.status == 202
        await until_paused(relay)
        token.write_text("pina_new-token")
        await relay.until_nothing_waits()
        await relay.end(signal.SIGTERM)
    told = lines(tmp_path)
    for line in told:
        assert list(line)[:4] == ["time", "level", "logger", "message"]
    for name in PLATFORMS:
        mine = [line for line in told if line.get("destination") == name]
        assert_states(mine)
        assert_requests([line for line in mine if line["message"] == "request answered"])
    words = Counter(line["message"] for line in told)
    assert words["the relay stops: what is in flight is finished, the rest stays on disk"] == 1
    assert len(told) < EVENTS / 10


async def until_paused(relay: Relay) -> None:
    """Wait until both destinations have found out."""
    while {funnel["state"] for funnel in (await relay.summary()).values()} != {"paused"}:
        pass


def assert_states(mine: Sequence[Any]) -> None:
    changes = [line for line in mine if line["message"] == "the state of a destination changed"]
    assert [line["state"] for line in changes] == ["paused", "active"]
    assert [line["level"] for line in changes] == ["warning", "info"]
    assert changes[0]["reason"].startswith("token_")
    assert Counter(line["message"] for line in mine)["the token was replaced"] == 1


def assert_requests(answers: Sequence[Any]) -> None:
    assert sum(line["delivered"] for line in answers) == EVENTS
    assert sum(line["dead"] for line in answers) == 0
    assert {line["outcome"] for line in answers} == {"misconfigured", "ok"}
    for line in answers:
        assert bool(line["request_id"]) == (line["destination"] in NAMING)
        assert line["http_status"]
        assert line["duration_ms"] >= 0
