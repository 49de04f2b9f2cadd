"""What a form of the page sent, checked as the API checks its queries."""

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
"""What tells one group of dead letters from another; an empty code is one, too."""


def group(values: Mapping[str, str]) -> DeadFilter:
    """Return the filter of a group. Raises `BadRequest` if it is not named whole."""
    missing = [name for name in GROUP if name not in values]
    if missing:
        raise BadRequest(f"The group is not named whole: {', '.join(missing)} is missing.")
    return DeadFilter(
        destination=values["destination"], reason=values["reason"], code=values["code"]
    )


def asked(values: Mapping[str, str]) -> DeadFilter:
    """Return the filter of what the question was about: of its group, what was dead by then."""
    until = values.get("until", "")
    if not _MOMENT.fullmatch(until):
        raise BadRequest("until: use Unix milliseconds, or leave it empty.")
    return replace(group(values), until_ms=int(until) if until else None)


def text(values: Mapping[str, str], name: str) -> str:
    """Return what was written into a field; a browser sends two characters for each line's end."""
    return values.get(name, "").replace("\r\n", "\n").strip()


async def fields(request: web.Request) -> Mapping[str, str]:
    """Return the fields of a form, the last of each name. Raises `BadRequest` if it is none."""
    if request.content_type != FORM:
        raise BadRequest("Send it with the form of the page.")
    try:
        body = (await request.read()).decode()
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise BadRequest("What was sent is no form that can be read.") from None
