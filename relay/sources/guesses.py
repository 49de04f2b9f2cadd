"""Slows down whoever keeps on trying keys that do not do.

From its 11th failing key within a minute on, a peer waits for each answer, longer each time, up to
half a second: whoever waits for a new key to come into force still sees it within a second. Good
keys never wait, and no other peer does. By the address of the connection: behind a proxy that is
the proxy's, so that only failing answers wait there, too. One count for the whole relay, however
many processes answer.

What is remembered is bounded: with `MAX_PEERS` in mind, the one that began first is forgotten; with
`MAX_WAITING` answers under way, further ones go out at once, since whoever fills the port's
connections with waiting answers does more harm than by guessing at 190 bits of a secret.
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
"""Bits of an IPv6 address that one peer cannot choose."""


class _Tried(NamedTuple):
    since_s: float
    keys: int


class Delays(Protocol):
    """Who counts failing keys: `Tries`, or the process that has them."""

    async def delay_s(self, peer: str | None) -> float:
        """Take note of a failing key; return how long its answer has to wait."""
        ...


class Guesses:
    """See the module docstring. `sleep` waits for some seconds.

    `max_waiting` is this process's share of the answers that may wait.
    """

    def __init__(
        self,
        delays: Delays,
        sleep: Callable[[float], Awaitable[object]],
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._delays = delays
        self._sleep = sleep
        self._max_waiting = max_waiting
        self._waiting = 0

    async def failed(self, peer: str | None) -> None:
        """Take note of a failing key, and return when it may be answered."""
        wait_s = await self._delays.delay_s(peer)
        if wait_s <= 0 or self._waiting >= self._max_waiting:
            return
        self._waiting += 1
        try:
            await self._sleep(wait_s)
        finally:
            self._waiting -= 1


class Tries:
    """Counts failing keys by peer. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tried: dict[str, _Tried] = {}

    async def delay_s(self, peer: str | None) -> float:
        """Take note of a failing key; return how long its answer has to wait."""
        return self.noted(peer)

    def noted(self, address: str | None) -> float:
        """Do the same at once."""
        peer, now_s = _subnet(address or ""), self._clock()
        tried = self._tried.get(peer)
        if tried is None or not 0 <= now_s - tried.since_s < WINDOW_S:
            self._tried.pop(peer, None)  # so that those that began first stand first
            tried = _Tried(now_s, 0)
            if len(self._tried) >= MAX_PEERS:
                del self._tried[next(iter(self._tried))]
        self._tried[peer] = tried = _Tried(tried.since_s, tried.keys + 1)
        return min(MAX_WAIT_S, (tried.keys - FREE) * STEP_S)


def _subnet(peer: str) -> str:
    """Return the address, of IPv6 only the part that its owner cannot change at will."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address) or address.ipv4_mapped:
        return peer
    return str(IPv6Network((address, SUBNET), strict=False))
