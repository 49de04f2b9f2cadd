"""Decides whether the next request to a destination may go, and how large it may be.

It combines all that can hold a request back: the token, the breaker, the number of requests in
flight, and the rate. It stores the breaker's pauses and the platform's own waits in the journal,
and logs each change of state.
"""

import asyncio
import logging
import random
from contextlib import suppress

from msgspec.structs import replace

from relay.config.secret import SecretSource
from relay.delivery import Answer, PauseReason
from relay.dispatch.breaker import Breaker
from relay.dispatch.in_flight import InFlight
from relay.dispatch.pace import Pace
from relay.dispatch.retry import clamp_hint_s
from relay.dispatch.steady import SteadyClock
from relay.errors import JournalUnavailable
from relay.journal.base import Journal
from relay.journal.settlement import Wait
from relay.outcome.health import Health, State

CLOSED_S = 1.0
"""Seconds between two checks while the end of a wait is unknown: an answer or an operator ends
it."""
KEPT_WAIT_MS = 3_000
"""Shorter waits are neither stored, since they end sooner than a restart does, nor logged: learning
what a platform allows takes a throttle now and then."""

log = logging.getLogger(__name__)


class Gate:
    """See the module docstring. Times that are shown or stored are by the system clock."""

    def __init__(
        self,
        destination: str,
        *,
        journal: Journal,
        token: SecretSource,
        pace: Pace,
        clock: SteadyClock,
        randomness: random.Random,
    ) -> None:
        self._destination = destination
        self._journal = journal
        self._token = token
        self._token_version = -1
        self._token_since = 0.0
        self._pace = pace
        self._turn = pace.turn()
        self._in_flight = InFlight()
        self._clock = clock
        self._kept = journal.pauses().get(destination)
        self._kept_wait = journal.waits().get(destination)
        self._breaker = Breaker(clock, randomness, self._kept, self._kept_wait)
        self._keeping = asyncio.Lock()
        self._told: tuple[State, PauseReason | None] = ("active", None)

    def token(self) -> str | None:
        """Return the token to send with; without one, pause the destination and return None."""
        secret, version = self._token.current()
        if version != self._token_version:
            if self._token_version >= 0:
                fields = {"destination": self._destination}
                log.info("the token was replaced", extra={"fields": fields})
            self._token_version = version
            self._token_since = self._clock()
            self._breaker.token_changed(present=secret is not None)
        if secret is None:
            self._breaker.stop("token_missing")
            return None
        return secret.reveal()

    def wait_s(self, in_flight: int) -> float:
        """Return the seconds until it is worth asking again; 0 if a request may go now."""
        wait_s = self._breaker.wait_s()
        if wait_s is None or self._is_full(in_flight):
            return CLOSED_S
        return wait_s or self._turn.wait_s()

    @property
    def max_events(self) -> int | None:
        """The most events of a request, or None if only the platform's limits apply."""
        return self._breaker.max_events

    @property
    def rotates(self) -> bool:
        """Whether the events of a failed trial may be at fault."""
        return self._breaker.rotates

    @property
    def troubled(self) -> bool:
        """Whether requests have been failing lately, without a pause."""
        return self._breaker.troubled

    def rest(self) -> None:
        """End the trouble if nothing is left to try."""
        self._breaker.rest()

    def take(self) -> None:
        """Count a request that is being sent."""
        self._turn.take()

    def note(self, answer: Answer, sent_at: float) -> None:
        """Take an answer into account, unless it is about a token that has been replaced since."""
        if answer.kind != "misconfigured" or sent_at >= self._token_since:
            self._breaker.note(answer, sent_at)
        match answer.kind:
            case "throttled":
                self._pace.throttled(sent_at, clamp_hint_s(answer.wait_s))
                self._in_flight.throttled(sent_at, self._clock())
            case "transient":
                self._in_flight.failed(sent_at, self._clock())
            case "settled" | "refused":
                self._pace.passed(sent_at)
                self._pace.spent(clamp_hint_s(answer.spent_s))
                self._in_flight.passed(sent_at, self._clock())

    async def pause(self) -> None:
        """Send nothing until `resume`, even after a restart.

        Raises `JournalUnavailable` if the pause holds but is not on disk; the next `keep` retries.
        """
        self._breaker.stop("paused_by_operator")
        await self._obey("paused")

    async def resume(self) -> None:
        """Clear any pause or wait. Raises `JournalUnavailable` as `pause` does."""
        self._breaker.resume()
        self._pace.resume()
        await self._obey("resumed")

    def health(self) -> Health:
        """Return the state for display."""
        most = 1 if self._breaker.one_at_a_time else self._in_flight.most
        health = self._breaker.health()
        since, until = map(self._by_clock, (health.since, health.until))
        return replace(health, since=since, until=until, max_in_flight=most)

    async def keep(self) -> None:
        """Store changes of the pause, and of waits that would outlast a restart.

        If storing fails, the next call retries.
        """
        with suppress(JournalUnavailable):
            await self._keep()

    async def _obey(self, done: str) -> None:
        """Store an operator's change. Raises `JournalUnavailable` if a restart would forget it."""
        try:
            await self._keep()
        except JournalUnavailable as error:
            raise JournalUnavailable(
                f"{self._destination} is {done}, but that is not on disk yet, and a restart would "
                f"forget it: {error.reason}"
            ) from None

    async def _keep(self) -> None:
        self._tell()
        async with self._keeping:
            await self._keep_pause()
            await self._keep_wait()

    def _is_full(self, in_flight: int) -> bool:
        if self._breaker.one_at_a_time:
            return in_flight > 0
        return self._in_flight.is_full(in_flight)

    async def _keep_pause(self) -> None:
        pause = self._breaker.pause
        if pause is not None:
            pause = replace(pause, since_ms=self._ms_by_clock(pause.since_ms))
        if pause != self._kept:
            await self._journal.save_pause(self._destination, pause)
            self._kept = pause

    async def _keep_wait(self) -> None:
        wait = self._breaker.wait
        if wait is not None and wait.until_ms - wait.since_ms < KEPT_WAIT_MS:
            wait = None
        if wait is not None:
            since_ms, until_ms = map(self._ms_by_clock, (wait.since_ms, wait.until_ms))
            wait = Wait(wait.state, since_ms, until_ms)
        if wait != self._kept_wait:
            await self._journal.save_wait(self._destination, wait)
            self._kept_wait = wait

    def _by_clock(self, moment_s: float | None) -> float | None:
        return None if moment_s is None else self._clock.by_clock(moment_s)

    def _ms_by_clock(self, moment_ms: int) -> int:
        return round(self._clock.by_clock(moment_ms / 1000) * 1000)

    def _tell(self) -> None:
        health = self.health()
        if (health.state, health.reason) == self._told or _is_brief(health):
            return
        self._told = (health.state, health.reason)
        level = logging.INFO if health.state == "active" else logging.WARNING
        fields = {"destination": self._destination, "state": health.state, "reason": health.reason}
        log.log(level, "the state of a destination changed", extra={"fields": fields})


def _is_brief(health: Health) -> bool:
    if health.state != "throttled" or health.since is None or health.until is None:
        return False
    return health.until - health.since < KEPT_WAIT_MS / 1000
