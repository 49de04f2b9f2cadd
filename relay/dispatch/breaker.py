"""Whether a destination may be sent to now: one small state machine a destination.

Counts transport and credential faults, never invalid events. Its states, in order of precedence:
`paused` (somebody must act; one event is tried from time to time), `degraded` (the platform does
not answer; one small request at a time), `throttled` (until a moment that it named), `active`.
Pure: it holds no task and no timer; whoever drives it asks `wait_s`.
"""

import random
from collections.abc import Callable

from relay.delivery import Answer, PauseReason
from relay.dispatch.retry import (
    CONFIRM_MAX_S,
    PROBE_FIRST_S,
    PROBE_MAX_S,
    THROTTLED_MAX_S,
    TRANSIENT_MAX_S,
    Backoff,
    clamp_hint_s,
)
from relay.journal.base import Pause
from relay.outcome.health import DEGRADED, THROTTLED, Health, sentence_of

DEGRADED_AFTER = 2
"""Faults in a row after which the platform counts as not answering; one is everyday life."""
PROBE_EVENTS = 1
TRIAL_EVENTS = 50
"""The largest request to a platform that did not answer lately."""


class Breaker:
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(
        self, clock: Callable[[], float], randomness: random.Random, pause: Pause | None = None
    ) -> None:
        self._clock = clock
        self._transient = Backoff(1.0, TRANSIENT_MAX_S, randomness)
        self._confirm = Backoff(1.0, CONFIRM_MAX_S, randomness)
        self._throttle = Backoff(1.0, THROTTLED_MAX_S, randomness)
        self._probe_s = PROBE_FIRST_S
        self.pause = pause
        self._not_before = 0.0
        self._throttled_at = 0.0
        self._faults = 0
        self._confirmations = 0
        self._faulty_since = 0.0

    def wait_s(self) -> float | None:
        """Return the seconds until a request may go, 0 for now, None for not until `resume`."""
        if self.pause is not None and self.pause.reason == "paused_by_operator":
            return None
        return max(0.0, self._not_before - self._clock())

    @property
    def alone(self) -> bool:
        """Whether a request must be the only one in flight: the next answer decides."""
        return self.pause is not None or self._faults > 0

    @property
    def max_events(self) -> int | None:
        """The largest request allowed, or None for no limit of the breaker's own."""
        if self.pause is not None:
            return PROBE_EVENTS
        return TRIAL_EVENTS if self._faults >= DEGRADED_AFTER else None

    def note(self, answer: Answer, sent_at: float) -> None:
        """Take an answer into account. `sent_at` tells old news: a wave of faults is one fault."""
        match answer.kind:
            case "settled" | "refused":
                self._succeed()
            case "throttled":
                self._throttled(answer, sent_at)
            case "misconfigured":
                self._misconfigured(answer.pause or "request_refused")
            case "transient":
                self._fault(answer, sent_at)

    def stop(self, reason: PauseReason) -> None:
        """Pause for a reason that no answer gave: no token, or an operator's wish."""
        by_operator = self.pause is not None and self.pause.reason == "paused_by_operator"
        if not by_operator and (self.pause is None or self.pause.reason != reason):
            self.pause = Pause(reason, round(self._clock() * 1000), sentence_of(reason))
            self._probe_s = PROBE_FIRST_S

    def token_changed(self, *, present: bool) -> None:
        """Try at once with a new token, whatever wait was set; without one, pause."""
        self._not_before = 0.0
        self._probe_s = PROBE_FIRST_S
        if not present:
            self.stop("token_missing")
        elif self.pause is not None and self.pause.reason == "token_missing":
            self.pause = None

    def resume(self) -> None:
        """Clear any pause, throttled or degraded wait."""
        self._succeed()
        self.pause = None
        self._not_before = 0.0

    def health(self) -> Health:
        """Return the state as people see it."""
        until = self._not_before if self._not_before > self._clock() else None
        if self.pause is not None:
            reason, since = self.pause.reason, self.pause.since_ms / 1000
            return Health("paused", reason, self.pause.message, since, until)
        if self._faults >= DEGRADED_AFTER:
            return Health("degraded", None, DEGRADED, self._faulty_since, until)
        if self._throttled_at and until is not None:
            return Health("throttled", None, THROTTLED, self._throttled_at, until)
        return Health("active", None, "", None, None)

    def _succeed(self) -> None:
        self._faults = self._confirmations = 0
        self._throttled_at = 0.0
        for waits in (self._transient, self._confirm, self._throttle):
            waits.reset()
        self._probe_s = PROBE_FIRST_S
        if self.pause is not None and self.pause.reason != "paused_by_operator":
            self.pause = None

    def _throttled(self, answer: Answer, sent_at: float) -> None:
        """Wait as told; of a wave of throttles only the first lengthens the relay's own wait."""
        if sent_at < self._throttled_at:
            self._wait(clamp_hint_s(answer.wait_s))
        else:
            self._throttled_at = self._clock()
            self._wait(self._throttle.next_s(answer.wait_s))

    def _fault(self, answer: Answer, sent_at: float) -> None:
        if self.pause is not None:
            self._wait_for_probe(answer.wait_s)
            return
        if self._faults and sent_at < self._faulty_since:
            return
        self._faulty_since = self._faulty_since if self._faults else self._clock()
        self._faults += 1
        self._confirmations = self._confirmations + 1 if answer.pause else 0
        if answer.pause and self._confirmations > answer.confirmations:
            self._misconfigured(answer.pause)
        else:
            waits = self._confirm if answer.pause else self._transient
            self._wait(waits.next_s(answer.wait_s))

    def _misconfigured(self, reason: PauseReason) -> None:
        self.stop(reason)
        self._wait_for_probe(None)

    def _wait_for_probe(self, hint_s: float | None) -> None:
        self._wait(max(self._probe_s, clamp_hint_s(hint_s)))
        self._probe_s = min(self._probe_s * 2, PROBE_MAX_S)

    def _wait(self, wait_s: float) -> None:
        self._not_before = max(self._not_before, self._clock() + wait_s)
