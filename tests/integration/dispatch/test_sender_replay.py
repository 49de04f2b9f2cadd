"""Dead letters are sent again: by today's settings, beside what is new, and over a restart."""

from pathlib import Path

import msgspec
import pytest

from relay.conversion import Conversion
from relay.delivery import SkipReason
from relay.journal.codec import entry_of
from relay.journal.entry import Passed
from relay.journal.letter import DeadFilter, Replayed
from relay.outcome.acting.dead_letters import DeadLetters
from relay.rules import Rules
from relay.sandbox.server import Sandbox
from tests.given.destination.sending import (
    PINTEREST,
    Sending,
    accepted,
    events,
    pinterest,
    purchase,
    purchases,
    sending,
)

HERE = DeadFilter(destination=PINTEREST)
REFUSED = Passed("dead", "platform_rejected", "It was refused.")
DAY_S = 86_400


async def bury(relay: Sending, *dead: Conversion) -> None:
    """Store events that are dead already."""
    await relay.journal.append([entry_of(event, {PINTEREST: REFUSED}) for event in dead])


def letters_of(relay: Sending, rules: Rules = Rules()) -> DeadLetters:  # noqa: B008 - frozen
    return DeadLetters(relay.journal, relay.destinations, relay.clock, {PINTEREST: rules})


async def test_a_dry_run_tells_what_would_become_of_each_and_so_does_the_replay(
    tmp_path: Path,
) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        now = relay.clock
        allowed = msgspec.structs.replace(purchase(now, "allowed"), advertising_consent=True)
        late = msgspec.structs.replace(
            purchase(now, "late", age_s=2 * DAY_S), advertising_consent=True
        )
        offline = msgspec.structs.replace(allowed, event_id="offline", action_source="offline")
        old = msgspec.structs.replace(
            purchase(now, "old", age_s=8 * DAY_S), advertising_consent=True
        )
        await bury(relay, allowed, late, offline, old, purchase(now, "no consent"))
        letters = letters_of(relay, Rules(consent_required=True))
        expected = Replayed(matched=5, replayed=3, expired=1, barred=1, late=2)
        assert await letters.replay(HERE, dry_run=True) == expected
        assert await letters.replay(HERE, dry_run=False) == expected
        await relay.settled()
        assert set(accepted(sandbox)) == {"allowed", "late", "offline"}


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (Rules(consent_required=True), "no_consent"),
        (Rules(frozenset({"lead"})), "not_selected"),
    ],
)
async def test_a_rule_that_came_after_the_replay_holds_when_it_is_sent(
    tmp_path: Path, rules: Rules, code: SkipReason
) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url)
        async with sending(tmp_path, target) as relay:
            await relay.dispatcher.pause(PINTEREST)
            await bury(relay, purchase(relay.clock, "a"))
            await letters_of(relay).replay(HERE, dry_run=False)
            await relay.accept(purchase(relay.clock, "b"))
        async with sending(tmp_path, target, rules=rules) as relay:
            await relay.dispatcher.resume(PINTEREST)
            funnel = (await relay.settled())[PINTEREST]
            found = (await relay.journal.dead_letters(HERE, limit=9)).letters
        assert not accepted(sandbox)
        assert (funnel.dead, funnel.delivered) == (2, 0)
        assert {(each.reason, each.code) for each in found} == {("dropped_by_operator", code)}


async def test_an_event_that_grew_too_old_after_the_replay_is_never_sent(tmp_path: Path) -> None:
    async with Sandbox() as sandbox, sending(tmp_path, pinterest(sandbox.url)) as relay:
        await relay.dispatcher.pause(PINTEREST)
        await bury(relay, purchase(relay.clock, "a"))
        assert (await letters_of(relay).replay(HERE, dry_run=False)).replayed == 1
        relay.skip(8 * DAY_S)
        await relay.dispatcher.resume(PINTEREST)
        await relay.settled()
        (letter,) = (await relay.journal.dead_letters(HERE, limit=9)).letters
        assert letter.reason == "expired"
        assert not accepted(sandbox)


async def test_replays_take_a_fifth_at_most_while_new_events_wait(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url, max_batch=10)
        async with sending(tmp_path, target) as relay:
            await relay.dispatcher.pause(PINTEREST)
            await bury(relay, *purchases(relay.clock, 30, "again"))
            await letters_of(relay).replay(HERE, dry_run=False)
            await relay.accept(*purchases(relay.clock, 100, "new"))
            relay.skip(2)
            await relay.turn()
            await relay.dispatcher.resume(PINTEREST)
            await relay.settled()
            totals = await relay.journal.totals()
        order = [each.event_id.partition("-")[0] for each in events(sandbox)]
        assert sorted(order) == ["again"] * 30 + ["new"] * 100
        assert order[:50].count("again") <= 10
        assert totals.replayed == {PINTEREST: 30}


async def test_a_replay_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        target = pinterest(sandbox.url)
        async with sending(tmp_path, target) as relay:
            await relay.dispatcher.pause(PINTEREST)
            await bury(relay, *purchases(relay.clock, 30))
            await letters_of(relay).replay(HERE, dry_run=False)
        async with sending(tmp_path, target) as relay:
            await relay.dispatcher.resume(PINTEREST)
            funnel = (await relay.settled())[PINTEREST]
        assert (funnel.delivered, funnel.dead, funnel.pending) == (30, 0, 0)
        assert accepted(sandbox).total() == 30
