"""Decides whether a destination may be sent to now: one small state machine per destination.

It counts transport and credential faults, never invalid events. Its states, in order of precedence,
are `paused` (somebody must act; a single event is tried from time to time), `degraded` (the
platform does not answer; small requests go one at a time), `throttled` (nothing is sent for a
while) and `active`. It does no I/O and has no task or timer; the gate polls `wait_s`.

Requests in flight fail together, so the answer to a request that was sent before the current
trouble began does not lengthen the wait. There is one exception: if two requests time out with no
success in between, the platform does not answer, and a third one would only confirm that after
another timeout.
"""

import math
import random
from collections.abc import Callable

from relay.delivery import Answer, PauseReason
from relay.dispatch.retry import (
    CONFIRM_MAX_S,
    HINT_MAX_S,
    PROBE_FIRST_S,
    PROBE_MAX_S,
    THROTTLED_FIRST_S,
    THROTTLED_MAX_S,
    TRANSIENT_MAX_S,
    Backoff,
    clamp_hint_s,
)
from relay.journal.settlement import Pause, Wait, WaitState
from relay.outcome.health import DEGRADED, MESSAGES, THROTTLED, Health, sentence_of

DEGRADED_AFTER = 2
"""Consecutive faults after which the platform counts as not answering; a single one is normal."""
SILENT = "timeout"
"""The code of a request that the platform did not answer in time."""
PROBE_EVENTS = 1
TRIAL_EVENTS = 50
"""The most events of a request to a degraded platform."""
TOKEN_REASONS = frozenset({"token_missing", "token_rejected", "token_expired"})
"""Reasons for a pause that no event can cause."""


class Breaker:
    """See the module docstring. `clock` returns Unix seconds."""

    def __init__(
        self,
        clock: Callable[[], float],
        randomness: random.Random,
        pause: Pause | None = None,
        wait: Wait | None = None,
    ) -> None:
        self._clock = clock
        self._transient = Backoff(1.0, TRANSIENT_MAX_S, randomness)
        self._confirm = Backoff(1.0, CONFIRM_MAX_S, randomness)
        self._throttle = Backoff(THROTTLED_FIRST_S, THROTTLED_MAX_S, randomness)
        self._probe_s = PROBE_FIRST_S
        self.pause = pause
        self.wait: Wait | None = None
        """The wait that the platform asked for, until it answers well."""
        self._paused_at = 0.0
        self._is_probe_unclear = False
        """Whether the latest probe failed without a word about the token."""
        self._not_before = 0.0
        self._throttled_at = 0.0
        self._throttles = 0
        """Consecutive throttles; after a second one, requests go one at a time until one passes."""
        self._faults = 0
        self._confirmations = 0
        self._faulty_since = 0.0
        self._cause = ""
        """The code of the latest throttle or fault."""
        if wait is not None:
            self._go_on(wait)

    def wait_s(self) -> float | None:
        """Return the seconds until a request may go: 0 for now, None for not until `resume`."""
        if self._by_operator:
            return None
        return max(0.0, self._not_before - self._clock())

    @property
    def one_at_a_time(self) -> bool:
        """Whether the next answer decides, so that only one request may be in flight."""
        return self.pause is not None or self._faults > 0 or self._throttles > 1

    @property
    def max_events(self) -> int | None:
        """The most events of a request, or None if the breaker sets no limit."""
        if self.pause is not None:
            return PROBE_EVENTS
        return TRIAL_EVENTS if self._faults >= DEGRADED_AFTER else None

    @property
    def rotates(self) -> bool:
        """Whether the events of a failed trial may be at fault, so that trials should rotate."""
        if self.pause is None or self.pause.reason not in TOKEN_REASONS:
            return True
        return self._is_probe_unclear

    def note(self, answer: Answer, sent_at: float) -> None:
        """Take into account the answer to a request that was sent at `sent_at`."""
        match answer.kind:
            case "settled" | "refused":
                self._passed(sent_at)
                self._spent(answer.spent_s)
            case "throttled":
                self._throttled(answer, sent_at)
            case "misconfigured":
                self._misconfigured(answer.pause or "request_refused", sent_at)
            case "transient":
                self._fault(answer, sent_at)

    def stop(self, reason: PauseReason) -> None:
        """Pause for `reason`. An operator's pause is never replaced."""
        if self._by_operator or (self.pause is not None and self.pause.reason == reason):
            return
        if self.pause is None:
            self._paused_at = self._clock()
            self._probe_s = PROBE_FIRST_S
        self.pause = Pause(reason, round(self._clock() * 1000), sentence_of(reason))

    def token_changed(self, *, present: bool) -> None:
        """Try a new token, at once unless the platform asked for a wait; without a token, pause."""
        self._not_before = self._asked_until
        self._probe_s = PROBE_FIRST_S
        if not present:
            self.stop("token_missing")
        elif self.pause is not None and self.pause.reason == "token_missing":
            self.pause = None

    def resume(self) -> None:
        """Clear any pause or wait."""
        self.pause = None
        self._recover()
        self._not_before = 0.0

    @property
    def troubled(self) -> bool:
        """Whether requests have been failing lately, without a pause."""
        return self.pause is None and self._faults > 0

    def rest(self) -> None:
        """End the trouble if nothing is left to try: nobody can tell whether it goes on."""
        if self.troubled:
            self._recover()

    def health(self) -> Health:
        """Return the state for display; `degraded` has an end only if the platform named one."""
        if self.pause is not None:
            since = self.pause.since_ms / 1000
            return Health("paused", self.pause.reason, self.pause.message, since, None)
        if self._faults >= DEGRADED_AFTER:
            until = self._asked_until if self._asked_until > self._clock() else None
            message = MESSAGES.get(self._cause, DEGRADED)
            return Health("degraded", None, message, self._faulty_since, until)
        if self._throttled_at and self._not_before > self._clock():
            return Health("throttled", None, THROTTLED, self._throttled_at, self._not_before)
        return Health("active", None, "", None, None)

    @property
    def _by_operator(self) -> bool:
        return self.pause is not None and self.pause.reason == "paused_by_operator"

    @property
    def _asked_until(self) -> float:
        return 0.0 if self.wait is None else self.wait.until_ms / 1000

    def _go_on(self, wait: Wait) -> None:
        """Resume a wait from before a restart, bounded in case the clock was set back."""
        until = min(wait.until_ms / 1000, self._clock() + HINT_MAX_S)
        if until <= self._clock():
            return
        self.wait = Wait(wait.state, wait.since_ms, round(until * 1000))
        self._not_before = until
        if wait.state == "throttled":
            self._throttled_at = wait.since_ms / 1000
        else:
            self._faults = DEGRADED_AFTER
            self._faulty_since = wait.since_ms / 1000

    def _heed(self, hint_s: float | None, state: WaitState) -> bool:
        """Wait for as long as the platform asks; return whether it asks for a wait."""
        wait_s, now = clamp_hint_s(hint_s), self._clock()
        until = now + wait_s
        if wait_s > 0 and until > self._asked_until:
            self.wait = Wait(state, round(now * 1000), math.ceil(until * 1000))
            self._wait_until(until)
        return wait_s > 0

    def _passed(self, sent_at: float) -> None:
        if sent_at < self._throttled_at or self._clock() < self._asked_until:
            return
        if self.pause is not None:
            if sent_at < self._paused_at or self._by_operator:
                return
            self.pause = None
        self._recover()

    def _recover(self) -> None:
        self._faults = self._confirmations = self._throttles = 0
        self._throttled_at = 0.0
        self.wait = None
        for waits in (self._transient, self._confirm, self._throttle):
            waits.reset()
        self._probe_s = PROBE_FIRST_S

    def _spent(self, spent_s: float | None) -> None:
        """Wait until the budget is renewed; nothing was refused, so no throttle is counted."""
        if self._heed(spent_s, "throttled"):
            self._throttled_at = self._clock()

    def _throttled(self, answer: Answer, sent_at: float) -> None:
        """Wait exactly as long as asked, else briefly at first, since the pace is lowered, too."""
        asked = self._heed(answer.wait_s, "throttled")
        self._cause = answer.code
        if sent_at < self._throttled_at:
            return
        self._throttled_at = self._clock()
        self._throttles += 1
        if not asked:
            self._wait_until(self._clock() + self._throttle.next_s())

    def _fault(self, answer: Answer, sent_at: float) -> None:
        """Count a fault. Its wait starts with the request, which may have hung for long enough.

        If the platform asks for a wait, it is degraded at once: no second fault has to confirm it.
        """
        asked = self._heed(answer.wait_s, "degraded")
        self._cause = answer.code
        if self.pause is not None:
            self._probe_again(answer, sent_at)
            return
        if self._faults and sent_at < self._faulty_since:
            if answer.code == SILENT:
                self._faults = max(self._faults, DEGRADED_AFTER)
            return
        self._faulty_since = self._faulty_since if self._faults else self._clock()
        self._faults = max(self._faults + 1, DEGRADED_AFTER if asked else 0)
        self._confirmations = self._confirmations + 1 if answer.pause else 0
        if answer.pause and self._confirmations > answer.confirmations:
            self._misconfigured(answer.pause, sent_at)
            return
        waits = self._confirm if answer.pause else self._transient
        self._wait_until(sent_at + waits.next_s())

    def _misconfigured(self, reason: PauseReason, sent_at: float) -> None:
        if self.pause is None or sent_at >= self._paused_at:
            self._is_probe_unclear = False
            self.stop(reason)
            self._probe_later()

    def _probe_again(self, answer: Answer, sent_at: float) -> None:
        if sent_at >= self._paused_at:
            self._is_probe_unclear = answer.pause is None
            self._probe_later()

    def _probe_later(self) -> None:
        self._wait_until(self._clock() + self._probe_s)
        self._probe_s = min(self._probe_s * 2, PROBE_MAX_S)

    def _wait_until(self, moment: float) -> None:
        self._not_before = max(self._not_before, moment)
