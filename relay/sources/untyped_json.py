"""Reads foreign JSON that nobody has checked: a value of an unexpected type counts as absent.

Clients of other services send whatever their own platform puts up with. What matters is checked
by intake afterwards, like every event; here, a wrong type just must not get in the way.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from relay.intake import Unreadable
from relay.intake.split import BYTE_ORDER_MARK, mended

Json = Mapping[str, Any]
Scalar = str | int | float


def decoded(body: bytes) -> Json:
    """Return the object that a body is. Raises `Unreadable`."""
    try:
        found = _read(body.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("The body is not valid JSON.") from None
    if not isinstance(found, dict):
        raise Unreadable("The body is no object.")
    return found


def _read(text: bytes) -> object:
    """Return what a text holds; of a text in it that was cut through an emoji, the rest counts."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return msgspec.json.decode(mended(text))


def table(value: object) -> dict[str, Any]:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Json]:
    """Return the objects of an array, or none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(*values: object) -> str | None:
    """Return the first that is a text with something in it, or a whole number as text."""
    for value in values:
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def amount(*values: object) -> Scalar | None:
    """Return the first that is a number, or a text that may be one."""
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def decimal(value: object) -> Decimal | None:
    """Return a finite number, exactly as it is written."""
    found = amount(value)
    try:
        number = None if found is None else Decimal(str(found))
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def whole(value: object) -> int | None:
    """Return a number of things."""
    number = decimal(value)
    return int(number) if number is not None and 0 <= number < 10**9 else None


def present(**fields: object) -> dict[str, Any]:
    """Return the fields that hold something."""
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}
