"""One relay from its start to its end, in the process of the test."""

import asyncio
import json
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web

from relay.app.service import MAINTENANCE_S, App
from relay.config import parse
from tests.acceptance.hook import Hook
from tests.given.event.inbound import event

DAY_S = 86_400.0
SOON_S = 20.0
CONFIG = """\
[server]
listen = "127.0.0.1:0"
drain = "60s"
[admin]
listen = "127.0.0.1:0"
{admin}
[journal]
path = "{folder}/relay.db"
retention = "2d"
max_size = "1GiB"
"""
PINTEREST = """\
[destinations.p]
type = "pinterest"
ad_account_id = "549755885175"
"""
TIKTOK = """\
[destinations.t]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
"""
WITH_A_PLATFORM = f"""\
{PINTEREST}
token = "env:TOKEN"
base_url = "{{url}}"
"""
TAKEN = {"num_events_received": 1, "num_events_processed": 1, "events": [{"status": "processed"}]}
SETTINGS = """\
password = "env:PASSWORD"
metrics_open = true
hosts = ["relay.shop.example"]
grafana = "https://grafana.shop.example"
runbook = "https://wiki.shop.example"
"""
NOTHING: Mapping[str, str] = MappingProxyType({})


class Clock:
    """The time of day, ahead by as much as the test says."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@asynccontextmanager
async def running(
    folder: Path,
    destinations: str = "",
    admin: str = "",
    *,
    stop: asyncio.Event | None = None,
    environ: Mapping[str, str] = NOTHING,
    clock: Callable[[], float] = time.time,
    upkeep_s: float = MAINTENANCE_S,
) -> AsyncIterator[App]:
    """Run a relay in `folder` beside the block, which begins once both ports answer."""
    text = CONFIG.format(folder=folder, admin=admin) + destinations
    app = App(parse(text, environ, origin="test"), environ, clock=clock, upkeep_s=upkeep_s)
    stop, started = stop or asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(app.run(stop, lambda _: started.set()))
        await started.wait()
        yield app
        stop.set()
        async with asyncio.timeout(SOON_S):  # nothing is in flight any more
            await serving


class Platform:
    """Takes events, but answers only once it may; `asked` is set by the first request."""

    def __init__(self) -> None:
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        await request.read()
        self.asked.set()
        await self.may_answer.wait()
        return web.json_response(TAKEN)


async def post(app: App, event_id: str, age_s: float = 0.0, **changes: Any) -> None:
    """Have a producer post one event."""
    url = f"http://{app.producers_address}/v1/events"
    body = event(event_id=event_id, event_time=int(time.time() - age_s), **changes)
    async with aiohttp.request("POST", url, json=body) as answer:
        assert answer.status == 202


async def get(app: App, path: str, **headers: str) -> tuple[int, str]:
    """Return status and text of an answer of the admin port."""
    async with aiohttp.request(
        "GET", f"http://{app.admin_address}{path}", headers=headers
    ) as answer:
        return answer.status, await answer.text()


async def funnel_of(app: App) -> Any:
    """Return what is told of the one destination."""
    [funnel] = json.loads((await get(app, "/api/v1/destinations"))[1])["destinations"]
    return funnel


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask until the answer is yes."""
    async with asyncio.timeout(SOON_S):
        while not await condition():
            pass


async def test_what_is_over_is_forgotten_while_the_relay_runs(tmp_path: Path) -> None:
    clock = Clock()

    async def is_forgotten() -> bool:
        return (await get(app, "/api/v1/events/order-1"))[0] == 404

    async with running(tmp_path, clock=clock, upkeep_s=0.01) as app:
        await post(app, "order-1")
        clock.ahead_s = 1 * DAY_S
        assert not await is_forgotten()
        clock.ahead_s = 3 * DAY_S
        await until(is_forgotten)


async def test_what_waits_for_a_destination_that_was_left_out_is_told_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, PINTEREST) as app:
        await post(app, "order-1")
    async with running(tmp_path):
        pass
    told = "events wait for a destination that is not configured"
    assert told in [record.getMessage() for record in caplog.records]
    caplog.clear()


async def test_while_it_stops_it_says_so_and_what_is_in_flight_is_finished(tmp_path: Path) -> None:
    stop, environ = asyncio.Event(), {"TOKEN": "pina_token"}

    async def says_so() -> bool:
        status, text = await get(app, "/readyz")
        return status == 503 and "shutting down" in text

    async with Platform() as platform:
        sent_to = WITH_A_PLATFORM.format(url=platform.url)
        async with running(tmp_path, sent_to, stop=stop, environ=environ) as app:
            await post(app, "order-1")
            await platform.asked.wait()
            stop.set()
            await until(says_so)
            platform.may_answer.set()
    async with running(tmp_path, PINTEREST) as app:
        funnel = await funnel_of(app)
    assert (funnel["delivered"], funnel["pending"]) == (1, 0)


async def test_that_an_event_was_sent_late_is_told_with_its_destination(tmp_path: Path) -> None:
    async def is_told() -> bool:
        return any((await funnel_of(app))["warnings"].values())

    async with Platform() as platform:
        platform.may_answer.set()
        sent_to = WITH_A_PLATFORM.format(url=platform.url)
        async with running(tmp_path, sent_to, environ={"TOKEN": "pina_token"}) as app:
            await post(app, "order-1", age_s=5 * DAY_S)
            await until(is_told)


async def test_an_identifier_counts_for_the_platforms_that_get_something_of_it(
    tmp_path: Path,
) -> None:
    """Of a phone number without its country, Pinterest gets the digits and TikTok nothing."""
    user = {"email": "jane@example.com", "phone": "030 1234567"}
    async with running(tmp_path, PINTEREST + TIKTOK) as app:
        await post(app, "order-1", user=user, page={"url": "https://shop.example/"})
        _, metrics = await get(app, "/metrics")
    counted = {
        (name, identifier): f'{{destination="{name}",identifier="{identifier}"}} 1.0' in metrics
        for name in "pt"
        for identifier in ("email", "phone")
    }
    assert counted == {
        ("p", "email"): True,
        ("p", "phone"): True,
        ("t", "email"): True,
        ("t", "phone"): False,
    }


async def test_port_for_people_and_journal_are_as_the_settings_say(tmp_path: Path) -> None:
    name, environ = "relay.shop.example", {"PASSWORD": "secret"}
    known = f"Basic {b64encode(b'me:secret').decode()}"
    async with running(tmp_path, admin=SETTINGS, environ=environ) as app:
        assert (await get(app, "/metrics", Host=name))[0] == 200
        assert (await get(app, "/on-call", Host=name))[0] == 401
        assert (await get(app, "/on-call", Host="evil.example", Authorization=known))[0] == 403
        status, page = await get(app, "/on-call", Host=name, Authorization=known)
        journal = json.loads((await get(app, "/api/v1/journal", Authorization=known))[1])
    assert status == 200
    assert "https://grafana.shop.example" in page
    assert "https://wiki.shop.example" in page
    assert journal["limit_bytes"] == 2**30


async def test_whoever_asks_hears_that_no_events_are_taken_and_people_are_told(
    tmp_path: Path,
) -> None:
    async with Hook() as hook:
        told_to = f'[notify]\nwebhook = "{hook.url}"\n'
        async with running(tmp_path, told_to, upkeep_s=0.01) as app:
            (tmp_path / "relay.db").rename(tmp_path / "moved.db")
            async with asyncio.timeout(SOON_S):
                await hook.came.wait()
            [message] = hook.messages
            assert "moved" in message["text"]
            reason = json.loads((await get(app, "/api/v1/journal"))[1])["unavailable"]
            assert (await get(app, "/readyz"))[0] == 503
            assert app.status() == f"Takes no events: {reason}."


async def test_settings_have_a_fingerprint_of_their_own(tmp_path: Path) -> None:
    """By which whoever is on call sees that a relay runs with the settings that it should."""
    pages = []
    for destinations in ("", PINTEREST, PINTEREST):
        async with running(tmp_path, destinations) as app:
            pages.append(re.findall(r"<code>[0-9a-f]{12}</code>", (await get(app, "/on-call"))[1]))
    assert [len(each) for each in pages] == [1, 1, 1]
    assert pages[0] != pages[1] == pages[2]
