"""Delays the refusals that a peer gets when it keeps trying invalid keys or passwords.

From its 11th failed attempt within a minute, a peer waits for each refusal, longer each time, up to
half a second; so somebody who waits for a new key to take effect still sees it within a second.
Requests with a valid one never wait. A peer is the address of the connection; behind a proxy that
is the proxy's, where again only refusals wait. Failures are counted once for the whole relay,
however many processes answer.

Memory is bounded: beyond `MAX_PEERS`, the peer that began first is forgotten. Beyond `MAX_WAITING`
delayed refusals, further ones go out at once: exhausting the port's connections would do more harm
than guessing at a secret of 190 bits. The admin port has fewer connections than that, so there
every refusal waits.
"""

from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple, Protocol

FREE: Final = 10
WINDOW_S: Final = 60.0
STEP_S: Final = 0.05
MAX_WAIT_S: Final = 0.5
MAX_PEERS: Final = 10_000
MAX_WAITING: Final = 100
SUBNET: Final = 64
"""The leading bits of an IPv6 address, which its owner cannot change at will."""


class _Failures(NamedTuple):
    since_s: float
    times: int


class FailureCounter(Protocol):
    """Counts failed attempts: `FailedAttempts` here, or a link to the process that has it."""

    async def delay_s(self, peer: str | None) -> float:
        """Count a failed attempt; return how long its refusal has to wait."""
        ...


class DelayedRefusals:
    """See the module docstring. `sleep` waits for some seconds.

    `max_waiting` is this process's share of the refusals that may wait.
    """

    def __init__(
        self,
        failures: FailureCounter,
        sleep: Callable[[float], Awaitable[object]],
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._failures = failures
        self._sleep = sleep
        self._max_waiting = max_waiting
        self._waiting = 0

    async def failed(self, peer: str | None) -> None:
        """Count a failed attempt, and return once it may be answered."""
        wait_s = await self._failures.delay_s(peer)
        if wait_s <= 0 or self._waiting >= self._max_waiting:
            return
        self._waiting += 1
        try:
            await self._sleep(wait_s)
        finally:
            self._waiting -= 1


class FailedAttempts:
    """Counts failed attempts by peer. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tried: dict[str, _Failures] = {}

    async def delay_s(self, peer: str | None) -> float:
        """Count a failed attempt; return how long its refusal has to wait."""
        return self.noted(peer)

    def noted(self, address: str | None) -> float:
        """Do the same without waiting."""
        peer, now_s = _subnet(address or ""), self._clock()
        tried = self._tried.get(peer)
        if tried is None or not 0 <= now_s - tried.since_s < WINDOW_S:
            self._tried.pop(peer, None)  # keeps the earliest in front
            tried = _Failures(now_s, 0)
            if len(self._tried) >= MAX_PEERS:
                del self._tried[next(iter(self._tried))]
        self._tried[peer] = tried = _Failures(tried.since_s, tried.times + 1)
        return min(MAX_WAIT_S, (tried.times - FREE) * STEP_S)


def _subnet(peer: str) -> str:
    """Return the address; of IPv6, only the part that its owner cannot change at will."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address) or address.ipv4_mapped:
        return peer
    return str(IPv6Network((address, SUBNET), strict=False))
