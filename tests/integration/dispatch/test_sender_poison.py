"""Events that a platform refuses never hold up their neighbours, however it refuses them."""

import math
from pathlib import Path
from typing import Any

import pytest

from relay.conversion import Conversion
from relay.journal.letter import DeadFilter
from relay.sandbox.server import Sandbox
from relay.sandbox.style import Style
from tests.given.destination.sending import (
    PINTEREST,
    TIKTOK,
    Clock,
    accepted,
    asked,
    pinterest,
    purchase,
    purchases,
    requests,
    script,
    sending,
    tiktok,
)

POISON: dict[str, Any] = {"refuse": {"prefix": "poison"}}
POISONED: dict[str, Any] = {"event_id": "poison"}
WRONG_NAME: dict[str, Any] = {
    "answer": {"body": '{"code": 40002, "message": "Invalid value for data.0.event_id"}'}
}
COUNT = 1_000


def gateway(status: int) -> dict[str, Any]:
    """Return the page of a gateway on the way; it is no word of the platform's."""
    return {"answer": {"status": status, "body": "<html>Not today</html>"}}


def mixed(clock: Clock, count: int) -> list[Conversion]:
    """Return a thousand purchases, `count` of them poisoned, evenly spread."""
    events = purchases(clock, COUNT)
    for number in range(count):
        at = (2 * number + 1) * COUNT // (2 * count)
        events[at] = purchase(clock, f"poison-{number}")
    return events


@pytest.mark.parametrize("count", [1, 5])
async def test_a_refusal_without_a_name_is_found_by_halving(tmp_path: Path, count: int) -> None:
    """Pinterest's 400 names nobody."""
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        refusal = {"match": {"event_id": "poison"}, "action": {"answer": "pinterest-400"}}
        script(sandbox, refusal)
        await relay.accept(*mixed(relay.clock, count))
        funnels = await relay.settled()
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (COUNT - count, count)
        assert accepted(sandbox).total() == len(accepted(sandbox)) == COUNT - count
        assert len(requests(sandbox)) <= 2 * count * math.log2(COUNT) + 10


@pytest.mark.parametrize("count", [1, 5])
async def test_tiktok_without_an_index_is_halved_as_well(tmp_path: Path, count: int) -> None:
    async with (
        Sandbox(style=Style(tiktok_index="none")) as sandbox,
        sending(tmp_path, tiktok(sandbox.url, max_batch=1000)) as relay,
    ):
        script(sandbox, {"action": POISON})
        await relay.accept(*mixed(relay.clock, count))
        funnels = await relay.settled()
        assert (funnels[TIKTOK].delivered, funnels[TIKTOK].dead) == (COUNT - count, count)
        assert len(requests(sandbox, "tiktok")) <= 2 * count * math.log2(COUNT) + 10


@pytest.mark.parametrize("count", [1, 5])
async def test_a_named_event_costs_one_request(tmp_path: Path, count: int) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, tiktok(sandbox.url, max_batch=500)) as relay:
        script(sandbox, {"action": POISON})
        await relay.accept(*mixed(relay.clock, count))
        funnels = await relay.settled()
        assert (funnels[TIKTOK].delivered, funnels[TIKTOK].dead) == (COUNT - count, count)
        assert len(requests(sandbox, "tiktok")) <= count + 2 + 1
        assert not any(each.startswith("poison") for each in accepted(sandbox, "tiktok"))


async def test_a_platform_that_names_the_wrong_event_costs_few_innocents(tmp_path: Path) -> None:
    """TikTok's 40002 names the first event, whoever it is."""
    async with Sandbox() as sandbox, sending(tmp_path, tiktok(sandbox.url)) as relay:
        script(sandbox, {"platform": "tiktok", "match": POISONED, "action": WRONG_NAME})
        await relay.accept(*purchases(relay.clock, 60), purchase(relay.clock, "poison-1"))
        funnels = await relay.settled()
        assert (funnels[TIKTOK].delivered, funnels[TIKTOK].dead) == (55, 6)
        assert "poison-1" not in accepted(sandbox, "tiktok")


async def test_an_event_that_looks_like_a_wrong_configuration_pauses_nobody_for_long(
    tmp_path: Path,
) -> None:
    """TikTok's 40000 without an index is the request's fault, until others pass and it does not."""
    async with Sandbox() as sandbox, sending(tmp_path, tiktok(sandbox.url)) as relay:
        wrong = {"match": {"event_id": "poison"}, "action": {"answer": "tiktok-40000"}}
        script(sandbox, wrong)
        await relay.accept(*mixed(relay.clock, 1))
        funnel = await relay.outwaited(TIKTOK)
        assert (funnel.delivered, funnel.dead) == (COUNT - 1, 1)
        assert relay.health(TIKTOK).state == "active"
        page = await relay.journal.dead_letters(DeadFilter(), limit=10)
        assert [letter.reason for letter in page.letters] == ["platform_rejected"]
        assert page.letters[0].message


@pytest.mark.parametrize(("place", "innocent"), [(0, 1), (0, 2), (0, 7), (2, 7), (3, 7), (7, 7)])
async def test_a_half_that_passes_acquits_the_configuration(
    tmp_path: Path, place: int, innocent: int
) -> None:
    """Wherever it stands: once the rest of its batch is in, an event pauses nobody at all."""
    async with (
        Sandbox(style=Style(tiktok_index="none")) as sandbox,
        sending(tmp_path, tiktok(sandbox.url)) as relay,
    ):
        wrong = {"match": {"event_id": "poison"}, "action": {"answer": "tiktok-40000"}}
        script(sandbox, wrong)
        events = purchases(relay.clock, innocent)
        events.insert(place, purchase(relay.clock, "poison-1"))
        await relay.accept(*events)
        while (await relay.funnels())[TIKTOK].dead < 1:
            assert relay.health(TIKTOK).state != "paused"
            relay.skip(1)
            await relay.turn()
        assert (await relay.funnels())[TIKTOK].delivered == innocent


async def test_a_lone_event_that_is_refused_as_a_request_is_told_apart_by_the_next_one(
    tmp_path: Path,
) -> None:
    """It pauses the destination; the probes rotate, another event passes, and it alone is dead."""
    async with Sandbox() as sandbox, sending(tmp_path, tiktok(sandbox.url)) as relay:
        wrong = {"match": {"event_id": "poison"}, "action": {"answer": "tiktok-40000"}}
        script(sandbox, wrong)
        await relay.accept(purchase(relay.clock, "poison-1"))
        await relay.until(lambda: relay.health(TIKTOK).reason == "request_refused")
        await relay.accept(*purchases(relay.clock, 20))
        relay.skip(31)
        await relay.until(asked(sandbox, 2, "tiktok"))
        assert requests(sandbox, "tiktok")[1].event_count == 1
        assert not accepted(sandbox, "tiktok")  # the oldest was tried, in vain
        ended = relay.metrics.requests.counts
        await relay.until(lambda: ended()[TIKTOK, "misconfigured"] == 2)
        relay.skip(61)
        funnel = await relay.outwaited(TIKTOK)
        assert (funnel.delivered, funnel.dead) == (20, 1)
        assert relay.health(TIKTOK).state == "active"


@pytest.mark.parametrize("status", [400, 413])
async def test_a_gateway_that_turns_everything_away_kills_nothing(
    tmp_path: Path, status: int
) -> None:
    """Its page is no word of Pinterest's: the destination pauses, and all arrives afterwards."""
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"platform": "pinterest", "action": gateway(status)})
        await relay.accept(*purchases(clock, 100))
        await relay.until(lambda: relay.health().reason == "request_refused")
        before = len(requests(sandbox))
        while len(requests(sandbox)) < before + 12:
            relay.skip(60)
            await relay.turn()
        assert relay.health().reason == "request_refused"
        assert (await relay.funnels())[PINTEREST].pending == 100
        script(sandbox)
        relay.skip(300)
        funnels = await relay.settled()
        assert (funnels[PINTEREST].delivered, funnels[PINTEREST].dead) == (100, 0)
        assert relay.health().state == "active"


@pytest.mark.parametrize(("place", "status"), [(0, 400), (40, 400), (99, 400), (40, 413)])
async def test_an_event_that_a_gateway_turns_away_holds_up_no_other_one(
    tmp_path: Path, place: int, status: int
) -> None:
    """The others are in after a few requests, with no pause; then it is clear whose fault it is."""
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"platform": "pinterest", "match": POISONED, "action": gateway(status)})
        events = purchases(clock, 100)
        events.insert(place, purchase(clock, "poison-1"))
        await relay.accept(*events)
        while (await relay.funnels())[PINTEREST].delivered < 100:
            assert relay.health().state != "paused"
            relay.skip(1)
            await relay.turn()
        assert len(requests(sandbox)) <= 2 * math.log2(101) + 10
        funnel = await relay.outwaited(PINTEREST)
        assert (funnel.delivered, funnel.dead) == (100, 1)
        assert relay.health().state == "active"


async def test_an_event_that_breaks_the_connection_waits_by_itself(tmp_path: Path) -> None:
    """The platform never answers a request that holds it; all others are delivered."""
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"match": {"event_id": "poison"}, "action": {"connection": "reset"}})
        await relay.accept(*purchases(clock, 40), purchase(clock, "poison-1"))
        innocent = {f"order-{number:04}" for number in range(40)}
        for number in range(60):
            if innocent <= set(accepted(sandbox)):
                break
            before = len(requests(sandbox))
            await relay.accept(purchase(clock, f"later-{number}"))
            relay.skip(15)
            await relay.until(asked(sandbox, before + 1))
        while (await relay.funnels())[PINTEREST].pending > 1:
            relay.skip(15)
            await relay.turn()
        funnels = await relay.settled(left=1)
        assert (funnels[PINTEREST].pending, funnels[PINTEREST].dead) == (1, 0)
        assert "poison-1" not in accepted(sandbox)


async def test_with_nothing_else_to_send_the_neighbours_of_such_an_event_arrive_as_well(
    tmp_path: Path,
) -> None:
    """A quiet shop: no other request tells an outage from an event at fault."""
    clock = Clock()
    async with (
        Sandbox(clock=clock) as sandbox,
        sending(tmp_path, pinterest(sandbox.url), clock=clock) as relay,
    ):
        script(sandbox, {"match": {"event_id": "poison"}, "action": {"connection": "reset"}})
        await relay.accept(*purchases(clock, 5), purchase(clock, "poison-1"))
        began = clock()
        while (await relay.funnels())[PINTEREST].pending > 1:
            assert clock() - began < 300
            relay.skip(5)
            await relay.turn()
        assert accepted(sandbox).total() == len(accepted(sandbox)) == 5
        assert (await relay.funnels())[PINTEREST].dead == 0
