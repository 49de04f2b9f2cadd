"""Adds a line in the audit log to each act of an operator; reading and dry runs add none."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from relay.delivery import Destination
from relay.errors import JournalUnavailable
from relay.identity.subject import Subject
from relay.journal.base import Journal
from relay.journal.letter import DeadFilter, Replayed
from relay.journal.report import Erased
from relay.outcome.acting.audit import Action, Trail
from relay.outcome.acting.dead_letters import DeadLetters
from relay.outcome.acting.erasure import Erasure, Senders
from relay.rules import Rules


class Control(Protocol):
    """Pauses and resumes destinations by name; KeyError for an unknown one."""

    async def pause(self, name: str) -> None:
        """Stop sending to the destination."""
        ...

    async def resume(self, name: str) -> None:
        """Clear any pause or wait, and try at once."""
        ...


class AuditedControl:
    """A control whose acts are written to the audit log.

    This includes acts that could not be stored, since they are in force until the next restart.
    """

    def __init__(self, control: Control, trail: Trail) -> None:
        self._control = control
        self._trail = trail

    async def pause(self, name: str) -> None:
        """Stop sending to a destination."""
        await self._switch("pause", self._control.pause, name)

    async def resume(self, name: str) -> None:
        """Clear any pause or wait of a destination."""
        await self._switch("resume", self._control.resume, name)

    async def _switch(
        self, action: Action, switch: Callable[[str], Awaitable[None]], name: str
    ) -> None:
        try:
            await switch(name)
        except JournalUnavailable:
            self._trail.record(action, name)
            raise
        self._trail.record(action, name)


class AuditedLetters(DeadLetters):
    """Dead letters whose replays and drops are written to the audit log, except dry runs."""

    def __init__(
        self,
        journal: Journal,
        destinations: Sequence[Destination],
        clock: Callable[[], float],
        rules: Mapping[str, Rules],
        trail: Trail,
    ) -> None:
        super().__init__(journal, destinations, clock, rules)
        self._trail = trail

    async def replay(self, where: DeadFilter, *, dry_run: bool) -> Replayed:
        """Make the matching letters pending again."""
        done = await super().replay(where, dry_run=dry_run)
        if not dry_run:
            self._trail.record("replay", _shown(where), f"{done.replayed} of {done.matched}")
        return done

    async def drop(self, where: DeadFilter, *, note: str, dry_run: bool) -> int:
        """Mark the matching letters as dropped."""
        dropped = await super().drop(where, note=note, dry_run=dry_run)
        if not dry_run:
            self._trail.record("drop", _shown(where), f"{dropped} dropped")
        return dropped


class AuditedErasure(Erasure):
    """Erasures that are written to the audit log, without the person whom they erased."""

    def __init__(self, journal: Journal, senders: Senders, trail: Trail) -> None:
        super().__init__(journal, senders)
        self._trail = trail

    async def forget(self, subject: Subject) -> Erased:
        """Erase a person."""
        done = await super().forget(subject)
        self._trail.record("forget", "a person", f"{done.events} erased")
        return done


def _shown(where: DeadFilter) -> str:
    """Return the conditions as text; of ids, only their number."""
    given = {
        name: len(value) if isinstance(value, frozenset) else value
        for name, value in msgspec.structs.asdict(where).items()
        if value is not None
    }
    return " ".join(f"{name}={value}" for name, value in given.items())
