"""Producer keys on a real socket: who is let in, and what a refusal says."""

import asyncio
import itertools
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relay.failed_attempts import STEP_S
from relay.journal.entry import Entry, Rejection
from relay.keys.record import Limits
from relay.keys.token import Token, new_token
from relay.keys.uses import Meter, Uses
from tests.given.event.builders import NOW_S
from tests.given.event.inbound import encoded
from tests.given.journal.recording import RecordingJournal
from tests.given.port.key_file import Keys
from tests.given.port.producers import Answered, Client, Serving, post, serving, until

NOTHING = {"accepted": 0, "rejected": 0, "warnings": []}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys.json")


def bearer(token: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def auth_test(port: Serving, **headers: str) -> Answered:
    lines = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
    return await port.send(f"GET /v1/auth/test HTTP/1.1\r\nHost: relay\r\n{lines}\r\n".encode())


@asynccontextmanager
async def keyed(keys: Keys, journal: RecordingJournal | None = None) -> AsyncIterator[Serving]:
    async with serving(journal, keys_file=keys.path) as port:
        yield port


def refusal(answered: Answered, status: int, code: str) -> None:
    """Check that an answer refuses everything in the shape of all answers."""
    [error] = answered.json["errors"]
    assert (answered.status, error["code"], error["index"]) == (status, code, None)
    assert {key: answered.json[key] for key in NOTHING} == NOTHING


async def test_a_bearer_token_and_its_pair_of_headers_open_the_port(keys: Keys) -> None:
    token = keys.make()
    async with keyed(keys) as port:
        pair = {"relay_api_key": token.key, "relay_api_secret": token.secret}
        assert (await port.post(encoded(), **bearer(token))).status == 202
        assert (await port.post(encoded(), **pair)).status == 202
        assert (await port.post(encoded(), Authorization=f"bearer  {token} ")).status == 202
        assert port.journal.keys == [token.key] * 3


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(new_token()),
        bearer("nonsense"),
        bearer(""),
        {"Authorization": "Basic cmVsYXk6cmVsYXk="},
        {"relay_api_key": "relay_0123456789"},
        {"relay_api_secret": "x" * 38},
        {"relay_api_key": "a", "relay_api_secret": "b"},
    ],
)
async def test_whoever_shows_no_good_key_is_401(keys: Keys, headers: dict[str, str]) -> None:
    keys.make()
    async with keyed(keys) as port:
        for answered in (await port.post(encoded(), **headers), await auth_test(port, **headers)):
            refusal(answered, 401, "unauthorized")
            assert answered.headers["www-authenticate"] == "Bearer"
        assert not port.journal.entries


async def test_who_shows_no_key_is_told_how_to_send_one(keys: Keys) -> None:
    keys.make()
    async with keyed(keys) as port:
        answered = await port.post(encoded())
    assert answered.json["errors"][0]["message"] == "A key is needed: Authorization: Bearer TOKEN."


@pytest.mark.parametrize("text", ["***", "cmVsYXk", "", "\xe4"])
async def test_what_is_no_basic_credential_is_401(keys: Keys, text: str) -> None:
    keys.make()
    async with keyed(keys) as port:
        request = post(b"{}", path="/v1/identify", Authorization=f"Basic {text}")
        answered = await port.send(request)
    assert (answered.status, answered.json["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "http://evil.example:8080", "null", "", "http://[::1"),
        *("http://localhost.evil.example", "http://127.0.0.1@evil.example", "file://"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/track"])
async def test_without_a_key_no_page_of_another_site_posts_for_who_opened_it(
    keys: Keys, origin: str, path: str
) -> None:
    """A browser asks nobody before a POST without a type, or of plain text."""
    async with keyed(keys) as port:
        for more in ({}, {"Authorization": "Basic eDp5"}):
            request = post(encoded(), path, Content_Type="", **more)
            named = request.replace(b"\r\n", f"\r\nOrigin: {origin}\r\n".encode(), 1)
            answered = await port.send(named)
            assert (answered.status, b"forbidden" in answered.body) == (403, True)
        assert not port.journal.entries


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:1"])
async def test_without_a_key_a_page_of_this_machine_may_post(keys: Keys, origin: str) -> None:
    async with keyed(keys) as port:
        assert (await port.post(encoded(), Origin=origin)).status == 202


async def test_whoever_shows_a_key_may_post_from_any_page(keys: Keys) -> None:
    token = keys.make()
    async with keyed(keys) as port:
        headers = bearer(token) | {"Origin": "https://shop.example"}
        assert (await port.post(encoded(), **headers)).status == 202


async def test_a_key_in_the_address_is_refused_even_beside_a_good_one(keys: Keys) -> None:
    token = keys.make()
    async with keyed(keys) as port:
        address = f"/v1/events?token={token}"
        answered = await port.send(post(encoded(), path=address, **bearer(token)))
    refusal(answered, 401, "unauthorized")
    assert token.secret not in answered.body.decode()


async def test_a_key_that_is_sent_twice_is_refused(keys: Keys) -> None:
    """A proxy in front may have looked at the other one."""
    token = keys.make()
    whole = post(encoded(), **bearer(token))
    halves = post(encoded(), relay_api_key=token.key, relay_api_secret=token.secret)
    key = f"relay-api-key: {token.key}\r\n"
    pair = f"{key}relay-api-secret: {token.secret}\r\n"
    for request, second in (
        (whole, f"Authorization: Bearer {token}\r\n"),
        (whole, pair),
        (whole, key),
        (halves, key),
    ):
        smuggled = request.replace(b"\r\n\r\n", b"\r\n" + second.encode() + b"\r\n", 1)
        async with keyed(keys) as port:
            refusal(await port.send(smuggled), 401, "unauthorized")


@pytest.mark.parametrize(
    "disguise",
    [
        "Authorization : Bearer {}",
        "Authorization: Bearer\r\n {}",
        "X: a\r\n Authorization: Bearer {}",
        "Authorization: Bearer {0}, Bearer {0}",
        "Authorization: Bearer {}\0",
        "Authorization:\tBearer\t{}",
        "Authorization: {}",
        "authorization: bearer{}",
        "Proxy-Authorization: Bearer {}",
        "X-Forwarded-Authorization: Bearer {}",
        "Cookie: Authorization=Bearer {}",
    ],
)
async def test_a_key_in_disguise_opens_nothing(keys: Keys, disguise: str) -> None:
    """A proxy in front may read such a header otherwise, so no guess is made at it."""
    token = keys.make()
    lines = disguise.format(token).encode()
    request = post(encoded()).replace(b"\r\n\r\n", b"\r\n" + lines + b"\r\n\r\n", 1)
    async with keyed(keys) as port:
        answered = await port.send(request)
        assert answered.status in {400, 401}
        assert token.secret not in answered.body.decode()
        assert not port.journal.entries


async def test_a_key_in_a_trailer_opens_nothing(keys: Keys) -> None:
    token = keys.make()
    body = encoded()
    head = post(b"", Content_Length="", Transfer_Encoding="chunked", Trailer="Authorization")
    chunked = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n"
    async with keyed(keys) as port:
        answered = await port.send(
            head + chunked + f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
    refusal(answered, 401, "unauthorized")


async def test_whoever_tries_many_keys_waits_for_the_answers_and_a_good_key_never(
    keys: Keys,
) -> None:
    """The same holds for the paths of Segment, whose answers have a shape of their own."""
    token = keys.make()
    slept_s: list[float] = []

    async def sleep(seconds: float) -> None:
        slept_s.append(seconds)

    async with serving(keys_file=keys.path, sleep=sleep) as port:
        for _ in range(11):
            refusal(await port.post(encoded(), **bearer(new_token())), 401, "unauthorized")
        assert slept_s == [STEP_S]
        assert (await port.post(encoded(), **bearer(token))).status == 202
        assert len(slept_s) == 1
        assert (await port.send(post(b"{}", path="/v1/track"))).status == 401
        assert len(slept_s) == 2


@pytest.mark.parametrize("rest", [b"", b":", b":password", ":pässword".encode(), b":\xe4:\xff"])
async def test_whatever_the_password_of_a_write_key_is_it_does_not_matter(
    keys: Keys, rest: bytes
) -> None:
    write_key = b64encode(f"{keys.make()}".encode() + rest).decode()
    async with keyed(keys) as port:
        request = post(b"{}", path="/v1/identify", Authorization=f"Basic {write_key}")
        assert (await port.send(request)).status == 200


async def test_an_oversized_header_is_refused_and_the_port_goes_on(keys: Keys) -> None:
    token = keys.make()
    async with keyed(keys) as port:
        answered = await port.post(encoded(), Authorization=f"Bearer {'x' * 20_000}")
        assert answered.status == 400
        assert (await port.post(encoded(), **bearer(token))).status == 202


async def test_a_key_of_another_scope_and_one_used_up_are_403(keys: Keys) -> None:
    reader = keys.make("reader", Limits(scopes=("events:read",)))
    single = keys.make("single", Limits(max_uses=1))
    async with keyed(keys) as port:
        refusal(await port.post(encoded(), **bearer(reader)), 403, "forbidden")
        assert (await port.post(encoded(), **bearer(single))).status == 202
        refusal(await port.post(encoded(), **bearer(single)), 403, "forbidden")
        answered = await auth_test(port, **bearer(single))
    assert answered.status == 200
    assert answered.json == {"key": "single", "scopes": ["events:write"], "uses_left": 0}


async def test_only_a_202_is_a_use(keys: Keys) -> None:
    token = keys.make(limits=Limits(max_uses=2))
    journal = RecordingJournal()
    async with keyed(keys, journal) as port:
        assert (await port.post(b"{", **bearer(token))).status == 400
        assert (await port.post(encoded(user={}), **bearer(token))).status == 400
        journal.refusal = "the disk is full"
        assert (await port.post(encoded(), **bearer(token))).status == 503
        journal.refusal = None
        assert (await port.post(encoded(), **bearer(token))).status == 202
        assert (await auth_test(port, **bearer(token))).json["uses_left"] == 1


async def test_a_mistake_of_the_relay_costs_no_use(
    keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    token = keys.make(limits=Limits(max_uses=1))
    journal = RecordingJournal()
    journal.mistake = KeyError("a mistake")
    async with keyed(keys, journal) as port:
        refusal(await port.post(encoded(), **bearer(token)), 500, "internal")
        assert (await auth_test(port, **bearer(token))).json["uses_left"] == 1
    caplog.clear()


async def test_of_many_requests_at_once_no_more_pass_than_may(keys: Keys) -> None:
    token = keys.make(limits=Limits(max_uses=50))
    statuses = []

    async def send(port: Serving) -> None:
        async with Client(port.number) as client:
            for _ in range(25):
                await client.send(post(encoded(), **bearer(token)))
                answered = await client.answer()
                statuses.append(answered.status)
                if answered.status != 202:
                    return

    async with keyed(keys) as port, asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(send(port))
    assert statuses.count(202) == 50
    assert set(statuses) == {202, 403}


async def test_a_client_that_leaves_before_the_answer_has_used_the_key(keys: Keys) -> None:
    """Its events are stored, and counted with the key in the same commit."""
    token = keys.make(limits=Limits(max_uses=1))
    journal = RecordingJournal(held=True)
    async with keyed(keys, journal) as port:
        async with Client(port.number) as client:
            await client.send(post(encoded(), **bearer(token)))
            async with asyncio.timeout(10):
                while not journal.waiting:  # noqa: ASYNC110 - the port knows nothing of tests
                    await asyncio.sleep(0.001)
            client.abort()
        journal.release()
        refusal(await port.post(encoded(), **bearer(token)), 403, "forbidden")


async def test_a_client_that_leaves_before_its_events_are_refused_has_used_nothing(
    keys: Keys,
) -> None:
    token = keys.make(limits=Limits(max_uses=1))
    journal = RecordingJournal(held=True)
    async with keyed(keys, journal) as port:
        async with Client(port.number) as client:
            await client.send(post(encoded(), **bearer(token)))
            await until(lambda: journal.waiting)
            client.abort()
        await until(lambda: not port.open_connections)
        journal.fail("the disk is full")
        await until(lambda: port.metrics.answers.counts().get(("503",)))
        answered = await auth_test(port, **bearer(token))
    assert answered.json["uses_left"] == 1


@pytest.mark.parametrize("end", [Keys.revoke, Keys.remove])
async def test_a_key_that_is_revoked_while_the_body_comes_takes_nothing(
    keys: Keys, end: Callable[[Keys, Token], None]
) -> None:
    token = keys.make()
    moments = itertools.count(NOW_S)
    head, body = post(encoded(), **bearer(token)).split(b"\r\n\r\n", 1)
    async with serving(keys_file=keys.path, clock=lambda: next(moments)) as port:
        async with Client(port.number) as client:
            await client.send(head + b"\r\n\r\n" + body[:10])
            assert (await auth_test(port, **bearer(token))).status == 200
            end(keys, token)
            await client.send(body[10:])
            refusal(await client.answer(), 401, "unauthorized")
        assert not port.journal.entries


async def test_without_a_key_nothing_is_taken_once_one_is_made_while_the_body_comes(
    keys: Keys,
) -> None:
    moments = itertools.count(NOW_S)
    head, body = post(encoded()).split(b"\r\n\r\n", 1)
    async with serving(keys_file=keys.path, clock=lambda: next(moments)) as port:
        async with Client(port.number) as client:
            await client.send(head + b"\r\n\r\n" + body[:10])
            assert (await auth_test(port)).status == 200
            keys.make()
            await client.send(body[10:])
            refusal(await client.answer(), 401, "unauthorized")
        assert not port.journal.entries


class Distant:
    """Counts somewhere else, where it is heard late that a use came to nothing."""

    def __init__(self) -> None:
        self._uses = Uses({}, lambda: NOW_S)
        self.told = asyncio.Event()
        self.heard = asyncio.Event()

    def begin(self, meter: Meter) -> None:
        self._uses.begin(meter)

    def end(self, meter: Meter, *, used: bool) -> Awaitable[object]:
        self._uses.end(meter, used=used)
        self.told.set()
        return self.heard.wait()

    async def left(self, meter: Meter) -> int | None:
        return await self._uses.left(meter)


async def test_who_is_refused_hears_so_once_the_use_is_free_again(keys: Keys) -> None:
    """The next request may come to another process, and must not find the key used up."""
    token, uses = keys.make(limits=Limits(max_uses=1)), Distant()
    async with serving(keys_file=keys.path, uses=uses) as port:
        refused = asyncio.create_task(port.post(b"{}", **bearer(token)))
        await uses.told.wait()
        for _ in range(100):
            await asyncio.sleep(0)
        assert not refused.done()
        uses.heard.set()
        assert (await refused).status == 400


async def test_a_key_over_its_rate_is_429_and_told_when_to_come_back(keys: Keys) -> None:
    token = keys.make(limits=Limits(rate_per_s=2))
    async with keyed(keys) as port:
        answers = [await port.post(encoded(), **bearer(token)) for _ in range(3)]
    assert [answered.status for answered in answers] == [202, 202, 429]
    refusal(answers[-1], 429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_a_key_reaches_only_the_destinations_it_is_bound_to(keys: Keys) -> None:
    token = keys.make(limits=Limits(destinations=("first",)))
    async with keyed(keys) as port:
        await port.post(encoded(event_id="a"), **bearer(token))
        await port.post(encoded(event_id="b", destinations=["second"]), **bearer(token))
        reached = [(entry.event_id, sorted(entry.payloads)) for entry in port.journal.entries]
        passed = [{name: each.reason for name, each in e.passed.items()} for e in entries_of(port)]
    assert reached == [("a", ["first"]), ("b", [])]
    assert passed == [
        {"second": "not_selected"},
        {"first": "not_selected", "second": "not_selected"},
    ]


def entries_of(port: Serving) -> list[Entry]:
    return port.journal.entries


async def test_a_rejected_event_names_the_key_that_sent_it(keys: Keys) -> None:
    token = keys.make("shop-backend")
    async with keyed(keys) as port:
        await port.post(json.dumps([{}, json.loads(encoded())]).encode(), **bearer(token))
        [rejection] = port.journal.rejections
    assert isinstance(rejection, Rejection)
    assert rejection.key == "shop-backend"


async def test_no_answer_holds_a_secret(keys: Keys) -> None:
    token = keys.make(limits=Limits(max_uses=1))
    stranger = Token(token.key, new_token().secret)
    async with keyed(keys) as port:
        answers = [
            await port.post(encoded(), **bearer(token)),
            await port.post(encoded(), **bearer(token)),
            await port.post(encoded(), **bearer(f"{token.key}_{stranger.secret}")),
            await auth_test(port, **bearer(token)),
        ]
    for answered in answers:
        text = answered.body.decode() + json.dumps(answered.headers)
        assert token.secret not in text
        assert stranger.secret not in text
