"""Messages over a real socket: to a hook that is well, busy, broken, gone for good, or silent."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import web

from relay.config import Secret
from relay.dispatch.transport import AiohttpTransport
from relay.outcome.watch.notice import TEST, Notice
from relay.outcome.watch.notify import MAX_WAITING, TRIES, Notifier

WITHIN_S = 10.0
CANARY = "T0CANARY/B0/s3cret"
HANG = 0
"""In the place of a status: no answer at all."""


class Hook:
    """Answers with one status after the other, the last one for good; keeps what was posted."""

    def __init__(self, statuses: Sequence[int]) -> None:
        self._statuses: Iterator[int] = iter(statuses)
        self._status = 200
        self.bodies: list[dict[str, object]] = []
        self.came = asyncio.Event()
        self.asked_s: dict[int, int] = {}
        """The wait that it asks for after a post, by its number."""

    async def take(self, request: web.BaseRequest) -> web.Response:
        self.bodies.append(msgspec.json.decode(await request.read()))
        self.came.set()
        self._status = next(self._statuses, self._status)
        if self._status == HANG:
            await asyncio.sleep(WITHIN_S)
        headers = {"Retry-After": f"{self.asked_s.get(len(self.bodies), 0)}"}
        return web.Response(status=self._status, headers=headers, text=CANARY)

    async def until_posted(self, count: int) -> None:
        async with asyncio.timeout(WITHIN_S):
            while len(self.bodies) < count:
                self.came.clear()
                await self.came.wait()


@asynccontextmanager
async def notifying(*statuses: int) -> AsyncIterator[tuple[Hook, Notifier]]:
    hook = Hook(statuses)
    runner = web.ServerRunner(
        web.Server(hook.take, handler_cancellation=True), shutdown_timeout=0.1
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = Secret(f"http://127.0.0.1:{runner.addresses[0][1]}/services/{CANARY}")
    transport = AiohttpTransport()
    notifier = Notifier(
        transport, lambda: address, random.Random(1), first_wait_s=0.001, timeout_s=0.1
    )
    running = asyncio.create_task(notifier.run())
    try:
        yield hook, notifier
    finally:
        running.cancel()
        await asyncio.wait([running])
        await transport.close()
        await runner.cleanup()


async def until_logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while text not in caplog.text:  # noqa: ASYNC110 - a log has no event to wait for
            await asyncio.sleep(0.005)


def numbered(number: int) -> Notice:
    return Notice(text=f"Message {number}.", kind="test", count=number)


async def test_a_message_is_one_post_that_slack_can_show_and_a_program_can_read() -> None:
    async with notifying() as (hook, notifier):
        notifier.tell(
            Notice(text="Paused.", kind="paused", destination="p", reason="no_permission")
        )
        await hook.until_posted(1)

    assert hook.bodies == [
        {
            "text": "Paused.",
            "kind": "paused",
            "destination": "p",
            "reason": "no_permission",
            "count": None,
        }
    ]


@pytest.mark.parametrize("status", [500, 503, 429, 408, HANG])
async def test_a_hook_in_trouble_gets_the_message_again(status: int) -> None:
    async with notifying(status, status, 200) as (hook, notifier):
        notifier.tell(TEST)
        await hook.until_posted(3)
        notifier.tell(numbered(1))
        await hook.until_posted(4)

    assert [each["kind"] for each in hook.bodies] == ["test"] * 4
    assert hook.bodies[3]["count"] == 1


@pytest.mark.parametrize("status", [302, 400, 403, 404, 410])
async def test_a_hook_that_refuses_is_not_asked_again(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with notifying(status, 200) as (hook, notifier):
        notifier.tell(TEST)
        await until_logged(caplog, "a message was dropped")
        notifier.tell(numbered(1))
        await hook.until_posted(2)

    assert [each["count"] for each in hook.bodies] == [None, 1]
    assert CANARY not in caplog.text
    assert all(CANARY not in repr(vars(each)) for each in caplog.records)


async def test_a_message_is_given_up_after_so_many_tries(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with notifying(*[500] * TRIES, 200) as (hook, notifier):
        notifier.tell(TEST)
        await until_logged(caplog, "a message was dropped")
        notifier.tell(numbered(1))
        await until_logged(caplog, "a message was posted")

    assert len(hook.bodies) == TRIES + 1


async def test_nothing_is_waited_for_after_the_last_try(caplog: pytest.LogCaptureFixture) -> None:
    """What is given up holds up no message behind it, whatever wait the hook asks for."""
    async with notifying(*[500] * TRIES, 200) as (hook, notifier):
        hook.asked_s[TRIES] = 60
        notifier.tell(TEST)
        notifier.tell(numbered(1))
        await hook.until_posted(TRIES + 1)

    assert "a message was dropped" in caplog.text


async def test_when_too_many_wait_the_oldest_goes(caplog: pytest.LogCaptureFixture) -> None:
    """Telling never blocks: all of it happens in one turn of the loop."""
    async with notifying() as (hook, notifier):
        for number in range(MAX_WAITING + 3):
            notifier.tell(numbered(number))
        await hook.until_posted(MAX_WAITING)

    assert [each["count"] for each in hook.bodies] == list(range(3, MAX_WAITING + 3))
    assert caplog.text.count("a message was dropped") == 3


async def test_without_an_address_a_message_waits_for_one() -> None:
    """A file that names the hook may come a little later than the first message."""
    known: list[Secret] = []
    async with notifying() as (hook, other):
        address = other._address()
        assert address is not None
        transport = AiohttpTransport()
        notifier = Notifier(
            transport,
            lambda: known[0] if known else None,
            random.Random(1),
            first_wait_s=0.02,
        )
        running = asyncio.create_task(notifier.run())
        notifier.tell(TEST)
        await asyncio.sleep(0)
        known.append(address)
        await hook.until_posted(1)
        running.cancel()
        await asyncio.wait([running])
        await transport.close()
