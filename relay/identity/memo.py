"""A bounded memory of what a rule made of a text, for values that come again.

Names, cities, states, postal codes, countries, birth dates and genders repeat from event to event,
and looking one up costs a tenth of normalising and hashing it. A national phone number repeats in
the events of one person, and to read it takes as long as the rest of an event. What is kept, in
this process's memory only: the raw text and its forms, at most `MAX_ENTRIES` a rule and none longer
than `MAX_LENGTH`, tied to no person, event or other field. Nothing here is written, logged or
printed.
"""

from collections.abc import Callable
from typing import Final, TypeVar

F = TypeVar("F")

MAX_ENTRIES: Final = 10_000
"""Texts a rule remembers; the next one empties its memory, which then fills anew."""

MAX_LENGTH: Final = 64
"""Characters of the longest text that is remembered; longer ones are worked out each time."""


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
