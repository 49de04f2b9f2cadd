"""Reads and checks the page's forms, as strictly as the API checks its queries."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web
from msgspec.structs import replace

from relay.admin.answer import BadRequest
from relay.journal.letter import DeadFilter

FORM: Final = "application/x-www-form-urlencoded"
MAX_FIELDS: Final = 20
_MOMENT: Final = re.compile("[0-9]{0,15}")
GROUP: Final = ("destination", "reason", "code")
"""The fields that identify a group of dead letters; an empty code is a value as well."""


def group(values: Mapping[str, str]) -> DeadFilter:
    """Return the filter for a group. Raises `BadRequest` if one of its fields is missing."""
    missing = [name for name in GROUP if name not in values]
    if missing:
        raise BadRequest(f"The group is not fully named: {', '.join(missing)} is missing.")
    return DeadFilter(
        destination=values["destination"], reason=values["reason"], code=values["code"]
    )


def asked(values: Mapping[str, str]) -> DeadFilter:
    """Return the filter for what the confirmation showed: the group's letters up to that moment."""
    until = values.get("until", "")
    if not _MOMENT.fullmatch(until):
        raise BadRequest("until: use Unix milliseconds, or leave it empty.")
    return replace(group(values), until_ms=int(until) if until else None)


def text(values: Mapping[str, str], name: str) -> str:
    """Return the text of a field, with the browser's CRLF as plain line feeds."""
    return values.get(name, "").replace("\r\n", "\n").strip()


async def fields(request: web.Request) -> Mapping[str, str]:
    """Return the fields of a form; the last of each name counts. May raise `BadRequest`."""
    if request.content_type != FORM:
        raise BadRequest("Send it with the form of the page.")
    try:
        body = (await request.read()).decode()
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise BadRequest("What was sent is no form that can be read.") from None
