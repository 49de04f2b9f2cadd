"""The parameters of a query, checked; a wrong one is a `BadRequest` that names it."""

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
"""RFC 3339 with an offset: a time without one would mean another moment on each machine."""


def choice(request: web.Request, name: str, allowed: Any) -> Any:
    """Return one of the words of a `Literal`, or None if the parameter is absent."""
    text = request.query.get(name)
    if text is not None and text not in get_args(allowed):
        raise BadRequest(f"{name}: use one of {', '.join(get_args(allowed))}.")
    return text


def range_of(request: web.Request) -> RangeName:
    """Return the range that is asked for, or the usual one."""
    name: RangeName = choice(request, "range", RangeName) or "24h"
    return name


def milliseconds(request: web.Request, name: str) -> int | None:
    """Return a moment as Unix milliseconds, or None if the parameter is absent.

    A plus sign that was not encoded arrives as a blank, and is read as what it was.
    """
    text = request.query.get(name)
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
    """Return how many entries are wanted."""
    text = request.query.get("limit")
    if text is None:
        return default
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_LIMIT:
        raise BadRequest(f"limit: use a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def milliseconds_of(moment: datetime | None) -> int | None:
    """Return a moment as Unix milliseconds."""
    return None if moment is None else round(moment.timestamp() * 1000)
