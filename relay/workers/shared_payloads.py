"""Sends a payload between processes only once if destinations that map events alike share it.

Two accounts of one platform with the same settings are such destinations; see `Router.prepare`.
"""

from collections.abc import Iterable, Sequence

from relay.delivery import Destination
from relay.journal.entry import Entry


class SharedPayloads:
    """Knows which destinations map alike, from the configuration that all processes share."""

    def __init__(self, destinations: Sequence[Destination] = ()) -> None:
        mappings = [each.mapping for each in destinations]
        firsts = [destinations[mappings.index(mapping)].name for mapping in mappings]
        pairs = [(each.name, first) for each, first in zip(destinations, firsts, strict=True)]
        self._firsts = [(name, first) for name, first in pairs if name != first]

    def strip(self, entries: Iterable[Entry]) -> None:
        """Take out the payloads that `restore` can put back."""
        if not self._firsts:
            return
        for entry in entries:
            for name, first in self._firsts:
                if first in entry.payloads:
                    entry.payloads.pop(name, None)

    def restore(self, entries: Iterable[Entry]) -> None:
        """Put them back wherever the event has not passed the destination."""
        if not self._firsts:
            return
        for entry in entries:
            for name, first in self._firsts:
                if first in entry.payloads and name not in entry.passed:
                    entry.payloads[name] = entry.payloads[first]
