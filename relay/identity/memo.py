"""A bounded cache of a rule's results, for values that recur.

Names, cities, states, postal codes, countries, birth dates and genders recur from event to event,
and a look-up costs a tenth of normalising and hashing. A national phone number recurs in the events
of one person, and parsing it takes as long as the rest of an event. The cache holds raw texts and
their forms, in this process's memory only: at most `MAX_ENTRIES` per rule, none longer than
`MAX_LENGTH`, and without any link to a person, event or other field. Nothing in it is ever written,
logged or printed.
"""

from collections.abc import Callable
from typing import Final, TypeVar

F = TypeVar("F")

MAX_ENTRIES: Final = 10_000
"""How many texts are cached per rule; one more empties the rule's cache, which then refills."""

MAX_LENGTH: Final = 64
"""Length of the longest text that is cached, in characters; longer ones are computed each time."""


class Memo(dict[str, F]):
    """`memo[raw]` is `rule(raw)`. The rule must be pure."""

    __slots__ = ("_max_entries", "_rule")

    def __init__(self, rule: Callable[[str], F], max_entries: int = MAX_ENTRIES) -> None:
        super().__init__()
        self._rule = rule
        self._max_entries = max_entries

    def __missing__(self, raw: str) -> F:
        forms = self._rule(raw)
        if len(raw) <= MAX_LENGTH:
            if len(self) >= self._max_entries:
                self.clear()
            self[raw] = forms
        return forms

    def __repr__(self) -> str:
        return f"<Memo of {len(self)} texts>"
