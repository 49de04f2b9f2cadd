"""Events that must not be sent for the moment, whether they come from memory or from disk.

While a person is being erased, no request may contain an event of theirs, or a damaged one that may
be theirs. A withheld event is left out and forgotten here; in the journal it stays until the
erasure has ended it.
"""

from collections.abc import Callable, Iterable

from relay.journal.entry import Pending

Unwanted = Callable[[Pending], bool]
"""Whether an event is withheld."""


class Withheld:
    """See the module docstring. There is one rule for each erasure in progress, so usually none."""

    def __init__(self) -> None:
        self._rules: list[Unwanted] = []
        self._over: list[Unwanted] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    def __call__(self, pending: Pending) -> bool:
        """Return whether an event is withheld."""
        return any(rule(pending) for rule in self._rules)

    def add(self, rule: Unwanted) -> None:
        """Withhold the events that match a rule."""
        self._rules.append(rule)

    def release(self, rule: Unwanted) -> None:
        """End a rule at the next `renew`: a read in progress may still bring such events."""
        self._over.append(rule)

    def renew(self) -> None:
        """Drop the rules that have ended; to be called while no read is in progress."""
        self._rules = [rule for rule in self._rules if rule not in self._over]
        self._over.clear()

    def wanted(self, pendings: Iterable[Pending]) -> list[Pending]:
        """Return the events that are not withheld."""
        return [pending for pending in pendings if not self(pending)]
