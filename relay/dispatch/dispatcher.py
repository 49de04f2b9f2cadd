"""Starts, wakes and stops all senders of a relay together; otherwise they are independent."""

import asyncio
from collections.abc import Mapping, Sequence

from relay.dispatch.sender import Sender
from relay.dispatch.transport import Transport
from relay.dispatch.withheld import Unwanted
from relay.journal.base import Journal
from relay.outcome.health import Health


class Dispatcher:
    """Runs one sender per destination; the control plane pauses and resumes them by name."""

    def __init__(self, journal: Journal, senders: Sequence[Sender], transport: Transport) -> None:
        self._senders: Mapping[str, Sender] = {each.destination.name: each for each in senders}
        self._transport = transport
        journal.listen(self.notify)

    async def run(self) -> None:
        """Send until `stop`, then return once every request in flight is settled."""
        try:
            async with asyncio.TaskGroup() as group:
                for sender in self._senders.values():
                    group.create_task(sender.run())
        finally:
            await self._transport.close()

    def stop(self) -> None:
        """Start no new requests."""
        for sender in self._senders.values():
            sender.stop()

    def notify(self) -> None:
        """Tell all senders that the journal has new events."""
        for sender in self._senders.values():
            sender.notify()

    async def pause(self, name: str) -> None:
        """Stop sending to a destination until `resume`. Raises KeyError for an unknown name."""
        await self._senders[name].pause()

    async def resume(self, name: str) -> None:
        """Clear any pause or wait of a destination. Raises KeyError for an unknown name."""
        await self._senders[name].resume()

    async def withhold(self, unwanted: Unwanted) -> None:
        """Stop sending the events that match; return once none of them is in a request."""
        async with asyncio.TaskGroup() as group:
            for sender in self._senders.values():
                group.create_task(sender.withhold(unwanted))

    def release(self, unwanted: Unwanted) -> None:
        """Undo `withhold`, now that the journal has ended these events."""
        for sender in self._senders.values():
            sender.release(unwanted)

    def health(self) -> Mapping[str, Health]:
        """Return the state of every destination, in the order of the configuration."""
        return {name: sender.health() for name, sender in self._senders.items()}
