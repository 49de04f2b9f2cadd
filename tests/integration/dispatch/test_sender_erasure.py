"""A person is erased while events are under way: what is sent is told, what waits is never sent."""

import asyncio
from pathlib import Path

import msgspec

from relay.conversion import Conversion
from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import AiohttpTransport, Fault
from relay.identity import Identity
from relay.identity.subject import Subject
from relay.journal.entry import Pending
from relay.outcome.acting.erasure import Erasure
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    Sending,
    accepted,
    pinterest,
    purchases,
    script,
    sending,
)

ADA_DIGEST = "ada0" * 16
ADA = Subject(email=frozenset([ADA_DIGEST]))


def of_ada(event: Conversion) -> Conversion:
    return msgspec.structs.replace(event, identity=Identity((ADA_DIGEST,), (ADA_DIGEST,)))


def everything(event: Pending) -> bool:
    del event
    return True


class Held(AiohttpTransport):
    """A network whose answers come once they are let through."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Semaphore(0)
        self.open = asyncio.Event()

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        """Send it, and keep the answer back."""
        response = await super().send(request, timeout_s)
        self.asked.release()
        await self.open.wait()
        return response


async def accept_some(relay: Sending, *, of_others: int, hers: int) -> None:
    events = purchases(relay.clock, of_others + hers)
    await relay.accept(*map(of_ada, events[:hers]), *events[hers:])


async def test_what_is_in_a_request_is_finished_and_told_as_delivered(tmp_path: Path) -> None:
    held = Held()
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, max_batch=1)
        async with sending(tmp_path, target, transport=held) as relay:
            await accept_some(relay, of_others=0, hers=30)
            await held.asked.acquire()
            forgetting = asyncio.create_task(Erasure(relay.journal, relay.dispatcher).forget(ADA))
            await relay.turn()
            assert not forgetting.done()
            held.open.set()
            done = (await forgetting).destinations[PINTEREST]
            funnel = (await relay.funnels())[PINTEREST]
    assert done.delivered >= 1
    assert done.delivered + done.erased == 30
    assert (funnel.delivered, funnel.dead, funnel.pending) == (done.delivered, done.erased, 0)
    assert set(accepted(sandbox)) == set(done.delivered_event_ids)


async def test_every_request_in_flight_is_looked_through(tmp_path: Path) -> None:
    """Also one that was sent after those of others."""
    held = Held()
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, max_batch=1)
        async with sending(tmp_path, target, transport=held) as relay:
            of_another, hers = purchases(relay.clock, 2)
            await relay.accept(of_another, of_ada(hers))
            for _ in range(2):
                await held.asked.acquire()
            forgetting = asyncio.create_task(Erasure(relay.journal, relay.dispatcher).forget(ADA))
            for _ in range(10):
                await relay.turn()
            assert not forgetting.done()
            held.open.set()
            done = (await forgetting).destinations[PINTEREST]
    assert (done.delivered, done.erased) == (1, 0)


async def test_what_waits_in_memory_is_never_sent_and_others_are(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url)
        async with sending(tmp_path, target) as relay:
            await relay.dispatcher.pause(PINTEREST)
            await accept_some(relay, of_others=20, hers=30)
            await relay.turn()
            done = await Erasure(relay.journal, relay.dispatcher).forget(ADA)
            await relay.dispatcher.resume(PINTEREST)
            funnel = (await relay.settled())[PINTEREST]
            await relay.accept(of_ada(purchases(relay.clock, 1, "later")[0]))
            after = (await relay.settled())[PINTEREST]
    assert done.destinations[PINTEREST].erased == 30
    assert (funnel.delivered, funnel.dead) == (20, 30)
    assert after.delivered == 21
    assert "later-0000" in accepted(sandbox)
    assert len(accepted(sandbox)) == 21


async def test_a_batch_that_comes_back_refused_goes_out_without_the_person(tmp_path: Path) -> None:
    held = Held()
    async with Sandbox() as sandbox:
        script(sandbox, {"times": 1, "action": {"answer": "pinterest-500"}})
        async with sending(tmp_path, pinterest(sandbox.url), transport=held) as relay:
            await accept_some(relay, of_others=20, hers=30)
            await held.asked.acquire()
            forgetting = asyncio.create_task(Erasure(relay.journal, relay.dispatcher).forget(ADA))
            held.open.set()
            done = await forgetting
            relay.skip(60)
            funnel = (await relay.settled())[PINTEREST]
    assert done.destinations[PINTEREST].erased == 30
    assert (funnel.delivered, funnel.dead) == (20, 30)
    assert len(accepted(sandbox)) == 20


async def test_a_rule_holds_until_it_is_released_and_no_longer(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        await relay.dispatcher.withhold(everything)
        await relay.accept(*purchases(relay.clock, 1, "held"))
        await relay.turn()
        relay.dispatcher.release(everything)
        await relay.accept(*purchases(relay.clock, 1, "later"))
        await relay.settled(left=1)
    assert set(accepted(sandbox)) == {"later-0000"}
