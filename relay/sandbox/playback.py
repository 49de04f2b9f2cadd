"""Runs a fault script: decides for each request which step acts, if any.

Each step counts every request that it matches, whether or not an earlier step acts on it. The clock
and the randomness are passed in: the same script, seed, clock and requests always give the same
faults.
"""

import random
from collections.abc import Callable, Sequence

import msgspec

from relay.sandbox.answer import PlatformName
from relay.sandbox.budget import Budget, Standing
from relay.sandbox.scripts import Action, Step, Times, platform_of


class Asked(msgspec.Struct, frozen=True):
    """What a script knows about a request."""

    platform: PlatformName
    account: str
    event_ids: Sequence[str]


class Played(msgspec.Struct, frozen=True):
    """The step that acts on a request."""

    index: int
    action: Action
    reset_s: float | None
    """Seconds for which its throttle still lasts, None if it is no throttle."""


class _Cue:
    """One step of a running script, with its counts."""

    def __init__(self, step: Step, clock: Callable[[], float]) -> None:
        self.step = step
        self.met = 0
        """Requests that the step matched."""
        self.hits = 0
        """Requests on which it acted."""
        self._platform = platform_of(step)
        over = step.match.over
        self._budget = Budget(over.requests, over.per_s, clock) if over else None

    def concerns(self, asked: Asked) -> bool:
        match = self.step.match
        return (
            self._platform in {"any", asked.platform}
            and (match.account is None or match.account == asked.account)
            and (match.event_id is None or any(match.event_id in id_ for id_ in asked.event_ids))
        )

    def count(self, account: str) -> Standing | None:
        self.met += 1
        return self._budget.take(account) if self._budget else None


class Playback:
    """A running script; its counts and its time start from zero."""

    def __init__(
        self, steps: Sequence[Step], clock: Callable[[], float], dice: random.Random
    ) -> None:
        self._clock = clock
        self._dice = dice
        self._started_at = clock()
        self._cues = [_Cue(step, clock) for step in steps]

    def play(self, asked: Asked) -> Played | None:
        """Return the step that acts on a request; None if the platform answers itself."""
        met = [
            (index, cue, cue.count(asked.account))
            for index, cue in enumerate(self._cues)
            if cue.concerns(asked)
        ]
        for index, cue, standing in met:
            if self._acts(cue, standing):
                cue.hits += 1
                action = cue.step.action
                return Played(index, action, _reset_s(action, standing))
        return None

    def wait_s(self, action: Action) -> float:
        """Return how many seconds the action waits, drawn at random if it says so."""
        if action.delay_up_to_s <= action.delay_s:
            return action.delay_s
        return self._dice.uniform(action.delay_s, action.delay_up_to_s)

    def hits(self) -> Sequence[tuple[Step, int]]:
        """Return each step and how often it has acted."""
        return [(cue.step, cue.hits) for cue in self._cues]

    def _acts(self, cue: _Cue, standing: Standing | None) -> bool:
        match = cue.step.match
        return (
            (cue.step.times is None or cue.hits < cue.step.times)
            and (match.nth is None or cue.met == match.nth)
            and (match.every is None or cue.met % match.every == 0)
            and (match.during is None or self._is_during(match.during))
            and (standing is None or standing.is_over)
            and (match.probability is None or self._dice.random() < match.probability)
        )

    def _is_during(self, times: Times) -> bool:
        cycle, passed_s = divmod(self._clock() - self._started_at, times.every_s)
        return cycle < times.cycles and passed_s < times.for_s


def _reset_s(action: Action, standing: Standing | None) -> float | None:
    if action.reset_s is not None or standing is None:
        return action.reset_s
    return standing.reset_s
