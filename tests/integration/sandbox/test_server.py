"""The emulator over real sockets: what a sender, a test in another language and a person see."""

import asyncio
import contextlib
import io
import json
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import aiohttp
import msgspec
import pytest

from relay.errors import ConfigError, RelayError
from relay.sandbox import Sandbox
from tests.unit.sandbox.sender import ACCOUNT, NOW_S, PIXEL, Clock, pinterest_event, tiktok_event

PINTEREST = f"/v5/ad_accounts/{ACCOUNT}/events"
TIKTOK = "/open_api/v1.3/event/track/"
CANARY = "c4n4ry-t0ken"


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


async def no_wait(seconds: float) -> None:
    """Let a slow answer come at once."""
    del seconds


class Client:
    """A sender that knows the emulator's addresses and a token of each platform."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def pinterest(self, *events: Any, query: str = "") -> Answer:
        headers = {"Authorization": f"Bearer pina_{CANARY}"}
        return await self.post(PINTEREST + query, {"data": events}, headers)

    async def tiktok(self, *events: Any) -> Answer:
        body = {"event_source": "web", "event_source_id": PIXEL, "data": events}
        return await self.post(TIKTOK, body, {"Access-Token": CANARY})

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"}
        return await self._ask("POST", path, data=io.BytesIO(data), headers=kind | (headers or {}))

    async def get(self, path: str) -> Answer:
        return await self._ask("GET", path)

    async def delete(self, path: str) -> Answer:
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, **more: Any) -> Answer:
        async with self._session.request(method, path, **more) as response:
            headers = dict(response.headers)
            return Answer(response.status, headers, (await response.read()).decode())


@contextlib.asynccontextmanager
async def emulator(
    scenario: str = "ok",
    *,
    clock: Clock | None = None,
    sleep: Callable[[float], Awaitable[None]] = no_wait,
    tokens: Iterable[str] = (),
    accounts: Iterable[str] = (),
) -> AsyncIterator[Client]:
    """Give a client of a fresh emulator, which lives at the time of the sender's events."""
    sandbox = Sandbox(
        scenario,
        clock=clock or Clock(),
        random=random.Random(7),
        sleep=sleep,
        tokens=tokens,
        accounts=accounts,
    )
    async with sandbox, aiohttp.ClientSession(sandbox.url) as session:
        yield Client(session)


async def test_one_address_serves_both_platforms() -> None:
    async with emulator() as client:
        pinterest = await client.pinterest(pinterest_event())
        assert pinterest.json["num_events_processed"] == 1
        assert pinterest.headers["X-RateLimit-Remaining"] == "4999"
        assert (await client.tiktok(tiktok_event())).json["code"] == 0


async def test_pinterests_test_mode_is_in_the_address() -> None:
    async with emulator() as client:
        await client.pinterest(pinterest_event(), query="?test=true")
        assert (await client.get("/sandbox/events")).json["events"][0]["test"] is True


async def test_a_body_over_the_limit_is_413_in_each_platforms_manner() -> None:
    async with emulator() as client:
        big = b" " * (4 * 1024 * 1024 + 1)
        token = {"Authorization": "Bearer pina_x", "Access-Token": "x"}
        assert (await client.post(PINTEREST, big, token)).status == 413
        assert (await client.post(TIKTOK, big, token)).text.startswith("<html>")


async def test_a_compressed_body_is_not_read() -> None:
    async with emulator() as client:
        headers = {"Authorization": "Bearer pina_x", "Content-Encoding": "gzip"}
        assert (await client.post(PINTEREST, b"not even gzip", headers)).status == 415


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v5/ad_accounts", 404, 2),
        (TIKTOK.rstrip("/"), 200, 40400),
        ("/open_api/v1.2/event/track/", 200, 40006),
    ],
)
async def test_a_wrong_address_is_answered_as_the_platform_would(
    path: str, status: int, code: int
) -> None:
    async with emulator() as client:
        answer = await client.post(path, {})
        assert (answer.status, answer.json["code"]) == (status, code)


async def test_a_connection_can_be_reset_before_the_answer() -> None:
    async with emulator() as client:
        await client.post("/sandbox/script", [{"action": {"connection": "reset"}}])
        with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
            await client.pinterest(pinterest_event())


async def test_an_answer_can_break_off_in_its_middle() -> None:
    async with emulator() as client:
        await client.post("/sandbox/script", [{"action": {"connection": "half_body"}}])
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.tiktok(tiktok_event())


async def test_an_answer_can_come_piece_by_piece() -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    async with emulator(sleep=note) as client:
        slowly = {"connection": "slow_body", "hang_s": 5}
        await client.post("/sandbox/script", [{"action": slowly}])
        assert (await client.tiktok(tiktok_event())).json["code"] == 0
        assert len(waited) == 10
        assert sum(waited) == 5


async def test_an_answer_can_wait_or_never_come() -> None:
    """The sleep is handed in, so that the test knows how long it would have been."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    async with emulator(sleep=note) as client:
        hang = {"connection": "hang", "hang_s": 30}
        steps = [{"times": 1, "action": {"delay_s": 2}}, {"action": hang}]
        await client.post("/sandbox/script", steps)
        assert (await client.tiktok(tiktok_event())).json["code"] == 0
        with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
            await client.tiktok(tiktok_event())
        assert waited == [2, 30]


async def test_a_hanging_answer_ends_with_the_emulator() -> None:
    """Closing does not wait for it, and leaves no task behind."""
    hanging = asyncio.Event()

    async def hang(seconds: float) -> None:
        hanging.set()
        await asyncio.Event().wait()

    async with aiohttp.ClientSession() as session:
        async with Sandbox(sleep=hang, clock=Clock()) as sandbox:
            script = json.dumps([{"action": {"connection": "hang"}}])
            async with session.post(f"{sandbox.url}/sandbox/script", data=script):
                pass
            asked = asyncio.create_task(session.post(sandbox.url + TIKTOK, data=b"{}"))
            await hanging.wait()
        with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
            await asked


@pytest.mark.parametrize(
    ("scenario", "pinterest", "tiktok"),
    [("ok", 200, 0), ("bad-token", 401, 40105), ("slow", 200, 0)],
)
async def test_a_scenario_holds_from_the_first_request(
    scenario: str, pinterest: int, tiktok: int
) -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    async with emulator(scenario, sleep=note) as client:
        assert (await client.pinterest(pinterest_event())).status == pinterest
        assert (await client.tiktok(tiktok_event())).json["code"] == tiktok
    assert all(1 <= seconds <= 3 for seconds in waited)
    assert len(waited) == (2 if scenario == "slow" else 0)


async def test_an_outage_passes_and_comes_back() -> None:
    clock = Clock()

    async with emulator("outage", clock=clock) as client:
        assert (await client.pinterest(pinterest_event())).status == 503
        assert (await client.tiktok(tiktok_event())).status == 502
        clock.now_s += 30
        assert (await client.pinterest(pinterest_event())).status == 200
        assert (await client.tiktok(tiktok_event())).json["code"] == 0
        clock.now_s += 30
        assert (await client.pinterest(pinterest_event())).status == 503
        clock.now_s += 3_600
        assert (await client.pinterest(pinterest_event(event_time=NOW_S))).status == 200


async def test_a_throttle_passes_when_it_said_it_would() -> None:
    clock = Clock()

    async with emulator("throttled", clock=clock) as client:
        answers = [await client.pinterest(pinterest_event()) for _ in range(21)]
        assert [answer.status for answer in answers] == [200] * 20 + [429]
        assert answers[-1].headers["X-RateLimit-Reset"] == "10"
        codes = [(await client.tiktok(tiktok_event())).json["code"] for _ in range(21)]
        assert codes == [0] * 20 + [40100]
        clock.now_s += 10
        assert (await client.pinterest(pinterest_event())).status == 200


async def test_poison_is_refused_alone_or_named() -> None:
    async with emulator("poison") as client:
        answer = await client.pinterest(pinterest_event("poison-1"), pinterest_event("good-1"))
        assert [result["status"] for result in answer.json["events"]] == ["failed", "processed"]
        sunk = await client.tiktok(tiktok_event("good-1"), tiktok_event("poison-1"))
        assert "data.1.event_id" in sunk.json["message"]


async def test_a_flaky_platform_loses_nothing_that_is_sent_again() -> None:
    """With a seed, a stubborn sender gets every event in, and each verdict is accounted for."""
    async with emulator("flaky") as client:
        for number in range(100):
            while not await taken(client, f"good-{number}"):
                pass
        counts = (await client.get("/sandbox/summary")).json["tiktok"]
        assert counts["distinct_accepted"] + counts["refused"] == 100
        assert counts["unanswered"] > 0
        assert counts["turned_away"] > 0


async def taken(client: Client, event_id: str) -> bool:
    """Return whether TikTok has given a verdict on the event that would not change."""
    try:
        answer = await client.tiktok(tiktok_event(event_id))
    except aiohttp.ClientError:
        return False
    return answer.text.startswith("{") and answer.json["code"] in {0, 40002}


async def test_a_scenario_and_a_script_are_set_and_shown_at_run_time() -> None:
    async with emulator() as client:
        set_to = await client.post("/sandbox/scenario", {"scenario": "bad-token"})
        assert set_to.json == {"scenario": "bad-token"}
        step = {"match": {"nth": 1}, "action": {"answer": "tiktok-40102"}}
        await client.post("/sandbox/script", [step])
        assert (await client.tiktok(tiktok_event())).json["code"] == 40102
        shown = await client.get("/sandbox/script")
        assert shown.json == {"scenario": "script", "steps": [{"step": step, "hits": 1}]}
        assert (await client.get("/sandbox/scenario")).json == {"scenario": "script"}


async def test_the_style_of_answers_is_changed_key_by_key() -> None:
    async with emulator() as client:
        await client.post("/sandbox/style", {"tiktok_index": "none"})
        await client.post("/sandbox/style", {"pinterest_failed": 200})
        style = (await client.get("/sandbox/style")).json
        assert (style["tiktok_index"], style["pinterest_failed"]) == ("none", 200)
        refused = await client.tiktok(tiktok_event(event_id=7))
        assert refused.json["message"] == "Invalid value for event_id: not a valid string."


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/sandbox/scenario", {"scenario": "storm"}, "unknown name"),
        ("/sandbox/scenario", {"name": "ok"}, "unknown field"),
        ("/sandbox/script", [{"action": {"answer": "tiktok"}}], "unknown name"),
        ("/sandbox/scenario", b'{"scenario":"\xff"}', "can't decode"),
        ("/sandbox/script", b"\xff", "script: "),
        ("/sandbox/style", {"tiktok_index": "roman"}, "Invalid enum value"),
        ("/sandbox/style", [], "Expected `object`"),
        ("/sandbox/style", b'{"tiktok_index":' + b"[" * 100_000, "while deserializing"),
    ],
)
async def test_a_mistake_in_a_setting_is_400_and_changes_nothing(
    path: str, body: Any, message: str
) -> None:
    async with emulator() as client:
        answer = await client.post(path, body)
        assert answer.status == 400
        assert message in answer.json["message"]
        assert (await client.tiktok(tiktok_event())).json["code"] == 0


async def test_what_came_can_be_asked_for_the_latest_first() -> None:
    async with emulator() as client:
        await client.pinterest(pinterest_event("a"), pinterest_event("b"))
        await client.tiktok(tiktok_event("b", user={"email": "jane@example.com"}))
        found = (await client.get("/sandbox/events?event_id=b")).json["events"]
        assert [event["platform"] for event in found] == ["tiktok", "pinterest"]
        assert found[0]["notes"] == [
            "user.email is not hashed: raw personal data has left the shop"
        ]
        assert found[0]["payload"]["event_id"] == "b"
        (only,) = (await client.get("/sandbox/events?platform=pinterest&limit=1")).json["events"]
        assert (only["event_id"], only["verdict"]) == ("b", "accepted")
        requests = (await client.get("/sandbox/requests")).json["requests"]
        assert [(seen["number"], seen["event_count"]) for seen in requests] == [(2, 1), (1, 2)]


@pytest.mark.parametrize("limit", ["", "-1", "many", "9" * 5_000])
async def test_a_limit_that_is_none_is_the_usual_one(limit: str) -> None:
    async with emulator() as client:
        await client.tiktok(tiktok_event("a"))
        found = await client.get(f"/sandbox/events?limit={limit}")
        assert [event["event_id"] for event in found.json["events"]] == ["a"]


async def test_accepted_ids_come_as_ndjson_and_are_forgotten_on_demand() -> None:
    async with emulator() as client:
        for _ in range(2):
            await client.tiktok(*(tiktok_event(f"order-{number}") for number in range(600)))
        await client.pinterest(pinterest_event())
        answer = await client.get("/sandbox/ids?platform=tiktok")
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert len({line["event_id"] for line in lines}) == 600
        assert {line["count"] for line in lines} == {2}
        assert len((await client.get("/sandbox/ids")).text.splitlines()) == 601
        assert (await client.delete("/sandbox/events")).status == 204
        assert (await client.get("/sandbox/ids")).text == ""
        assert (await client.get("/sandbox/summary")).json["tiktok"]["events"] == 0


async def test_every_answer_is_listed_by_name() -> None:
    async with emulator() as client:
        answers = (await client.get("/sandbox/answers")).json
        assert answers["pinterest-429"]["code"] == 8
        assert answers["tiktok-40105"]["status"] == 200


async def test_the_page_shows_what_came_and_escapes_it() -> None:
    async with emulator() as client:
        assert "Nothing yet" in (await client.get("/")).text
        await client.post("/sandbox/script", [{"times": 1, "action": {"connection": "reset"}}])
        with pytest.raises(aiohttp.ClientError):
            await client.tiktok(tiktok_event("lost"))
        await client.tiktok(tiktok_event("<script>alert(1)</script>", foo=1))
        page = await client.get("/")
        assert "<script" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
        assert "foo is not a key of this platform: ignored" in page.text
        assert "connection broken" in page.text
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("what", ["events", "requests", "ids"])
async def test_a_platform_that_is_none_gets_no_answer_about_all(what: str) -> None:
    async with emulator() as client:
        answer = await client.get(f"/sandbox/{what}?platform=pintrest")

    assert (answer.status, answer.text) == (400, "platform: use one of pinterest, tiktok\n")


async def test_the_page_names_the_platform_that_a_steps_answer_implies() -> None:
    async with emulator() as client:
        await client.post("/sandbox/script", [{"action": {"answer": "tiktok-50002"}}])
        page = (await client.get("/")).text

    assert "<td>tiktok</td>" in page
    assert "<td>any</td>" not in page


async def test_no_answer_holds_a_token() -> None:
    async with emulator() as client:
        answers = [
            await client.pinterest(pinterest_event()),
            await client.tiktok(tiktok_event()),
            *[await client.get(path) for path in ("/", "/sandbox/requests", "/sandbox/events")],
        ]
        assert CANARY not in "".join(answer.text for answer in answers)
        assert CANARY not in "".join(str(answer.headers) for answer in answers)


@pytest.mark.parametrize(
    "broken",
    [
        f"GET / HTTP/1.1\r\nAccess-Token: {CANARY}\0\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAccess-Token: {CANARY * 1_000}\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_neither_quoted_nor_logged(
    broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(broken.encode())
        answer = await reader.read()
        writer.close()
    assert b" 400 " in answer
    assert CANARY not in answer.decode() + caplog.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8090", "Origin": "http://127.0.0.1:3000"}, 200),
        ({"Host": "[::1]:8090"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example:8090"}, 403),
        ({"Host": "["}, 403),
    ],
)
async def test_a_page_of_another_site_neither_reads_nor_changes_anything(
    headers: dict[str, str], status: int
) -> None:
    async with emulator() as client:
        style = await client.post("/sandbox/style", {}, headers)
        assert style.status == status
        assert (await client.pinterest(pinterest_event())).status == 200


async def test_only_listed_tokens_and_accounts_are_let_in() -> None:
    async with emulator(tokens=[CANARY], accounts=["1"]) as client:
        assert (await client.pinterest(pinterest_event())).status == 401
        assert (await client.tiktok(tiktok_event())).json["code"] == 40007


async def test_a_taken_port_is_an_error_in_one_line() -> None:
    async with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(RelayError, match=f"cannot listen on 127.0.0.1:{port}: "):
            async with Sandbox(port=port):
                pass


def test_an_unknown_scenario_is_an_error_at_once() -> None:
    with pytest.raises(ConfigError, match="scenario: unknown name"):
        Sandbox("storm")


async def test_the_page_tells_how_to_have_the_platforms_behave_otherwise() -> None:
    async with emulator() as client:
        page = (await client.get("/")).text
        [path] = re.findall(r"<code>POST (\S+)</code>", page)
        assert (await client.post(path, {"scenario": "outage"})).json == {"scenario": "outage"}
        assert "<strong>outage</strong>" in (await client.get("/")).text
