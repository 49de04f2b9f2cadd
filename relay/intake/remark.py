"""Remarks on an event's identifiers: which came hashed, which could not be used, and why.

They are stored with the event for `relay doctor`, and contain no part of any value.
"""

from collections.abc import Sequence
from typing import Final

from relay.conversion import HASHABLE
from relay.identity.user import IdentityWarning
from relay.identity.value import HASHED

_BITS: Final = {f"user.{name}": 1 << at for at, name in enumerate(HASHABLE)}
_Told = tuple[int, tuple[tuple[str, str], ...], list[IdentityWarning]]


def told_apart(remarks: Sequence[IdentityWarning]) -> _Told:
    """Return the bits of hashed identifiers, the unusable ones with reasons, and the warnings."""
    hashed = 0
    warnings: list[IdentityWarning] = []
    for remark in remarks:
        if remark.message is HASHED:
            hashed |= _BITS.get(remark.path) or _BITS[remark.path.partition("[")[0]]
        else:
            warnings.append(remark)
    if not warnings:
        return hashed, (), warnings
    unusable = tuple([(identifier_of(each.path), reason_of(each.message)) for each in warnings])
    return hashed, unusable, warnings


def identifier_of(path: str) -> str:
    """Return the identifier at a path such as `user.email[1]`."""
    return path.removeprefix("user.").partition("[")[0]


def reason_of(message: str) -> str:
    """Return why a value was left out, without the part that says what is expected instead."""
    return message.partition(" (")[0]
