"""Reads and checks query parameters; a wrong one raises a `BadRequest` that names it."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, get_args

import msgspec
from aiohttp import web

from relay.admin.answer import BadRequest
from relay.outcome.views.api import RangeName

MAX_LIMIT: Final = 1000
_NUMBER: Final = re.compile("[0-9]{1,9}")
_OFFSET: Final = len("+00:00")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339 with an offset: without one, a time would mean another moment in each time zone."""


def given(request: web.Request, name: str) -> str | None:
    """Return a parameter, or None if it is absent or blank, as forms send it."""
    return request.query.get(name) or None


def choice(request: web.Request, name: str, allowed: Any) -> Any:
    """Return a parameter that is one of the words of a `Literal`, or None if it is absent."""
    text = given(request, name)
    if text is not None and text not in get_args(allowed):
        raise BadRequest(f"{name}: use one of {', '.join(get_args(allowed))}.")
    return text


def range_of(request: web.Request) -> RangeName:
    """Return the requested range, or the default."""
    name: RangeName = choice(request, "range", RangeName) or "24h"
    return name


def milliseconds(request: web.Request, name: str) -> int | None:
    """Return a time as Unix milliseconds, or None if the parameter is absent.

    An unencoded plus sign arrives as a space, and is read as a plus sign.
    """
    text = given(request, name)
    if text is None:
        return None
    if text[-_OFFSET:].startswith(" "):
        text = f"{text[:-_OFFSET]}+{text[1 - _OFFSET :]}"
    try:
        return milliseconds_of(msgspec.convert(text, Moment))
    except msgspec.ValidationError:
        raise BadRequest(
            f"{name}: use RFC 3339 with an offset, such as 2026-01-31T12:00:00Z."
        ) from None


def limit(request: web.Request, default: int) -> int:
    """Return the requested number of entries."""
    text = given(request, "limit")
    if text is None:
        return default
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_LIMIT:
        raise BadRequest(f"limit: use a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def milliseconds_of(moment: datetime | None) -> int | None:
    """Return a time as Unix milliseconds; None stays None."""
    return None if moment is None else round(moment.timestamp() * 1000)
