"""Reads unchecked JSON of other services' clients: a value of an unexpected type counts as absent.

Such clients send whatever their own platform accepts. Intake checks the resulting event like any
other; here, a wrong type must not get in the way.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import inf
from typing import Any, Final

import msgspec

from relay.event import MAX_ITEMS
from relay.intake import Unreadable
from relay.intake.split import BYTE_ORDER_MARK, repaired

Json = Mapping[str, Any]
Scalar = str | int | float

MAX_ROWS: Final = 10_000
"""How much of an array is read: translating each row of a whole body would block everything else.
"""
_ENDLESS: Final = msgspec.json.Decoder(float_hook=float)
"""Takes a number beyond all floats, such as 1e400, for infinity; others refuse the whole body."""


def decoded(body: bytes) -> Json:
    """Decode a body that must be an object. Raises `Unreadable` if it is not."""
    try:
        found = _read(body.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("The body is not valid JSON.") from None
    if not isinstance(found, dict):
        raise Unreadable("The body is no object.")
    return found


def _read(text: bytes) -> object:
    """Decode JSON, and repair strings that were cut in the middle of an emoji.

    A number that is too large costs at most its own event, as well.
    """
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return _ENDLESS.decode(repaired(text))


def table(value: object) -> dict[str, Any]:
    """Return the value if it is an object, else an empty object."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Json]:
    """Return the objects among the first `MAX_ROWS` of an array; none if it is not an array."""
    if not isinstance(value, list):
        return []
    return [each for each in value[:MAX_ROWS] if isinstance(each, dict)]


def text(*values: object) -> str | None:
    """Return, as text, the first value that is a non-blank text or an integer, or None."""
    for value in values:
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def amount(*values: object) -> Scalar | None:
    """Return the first value that is a number or a non-blank text, which may be one, or None.

    Infinity becomes a text, which is refused: as a number of JSON, it would be null.
    """
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value) if value in (inf, -inf) else value
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def decimal(value: object) -> Decimal | None:
    """Return a finite number exactly as it is written, or None if the value is not one."""
    found = amount(value)
    try:
        number = None if found is None else Decimal(str(found))
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def whole(value: object) -> int | None:
    """Return a count from 0 to below 10**9, or None if the value is not one."""
    number = decimal(value)
    return int(number) if number is not None and 0 <= number < 10**9 else None


def lines(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return an order's fields about its lines; those beyond `MAX_ITEMS` count in `num_items` only.

    An order with more would be refused, and these clients could not send fewer.
    """
    if len(items) <= MAX_ITEMS:
        return {"items": items}
    units = sum(item.get("quantity", 1) for item in items)
    return {"items": items[:MAX_ITEMS], "num_items": units}


def present(**fields: object) -> dict[str, Any]:
    """Return the fields that are not empty."""
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}
