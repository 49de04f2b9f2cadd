"""The answers of both platforms by the names that fault scripts use.

A script asks for one by its name: `{"answer": "tiktok-40102"}`, `{"answer": "pinterest-429"}`. Any
other status (`pinterest-418`, `tiktok-http-418`) or code (`tiktok-51023`) can be asked for too.
"""

import re
from collections.abc import Mapping
from typing import Final

from relay.errors import ConfigError
from relay.sandbox.answer import Answer
from relay.sandbox.pinterest import answers as pinterest
from relay.sandbox.tiktok import answers as tiktok

ANSWERS: Final[Mapping[str, Answer]] = {
    **{f"pinterest-{name}": answer for name, answer in pinterest.ANSWERS.items()},
    **{f"tiktok-{name}": answer for name, answer in tiktok.ANSWERS.items()},
}
"""The answers with a name of their own."""

_OTHER = re.compile(
    r"pinterest-(?P<pinterest>[2-5]\d\d)|tiktok-http-(?P<http>[2-5]\d\d)|tiktok-(?P<code>\d{5})"
)


def named(name: str) -> Answer:
    """Return the answer called `name`. Raises `ConfigError` if there is none."""
    if known := ANSWERS.get(name):
        return known
    other = _OTHER.fullmatch(name)
    if other is None:
        raise ConfigError(
            "answer: unknown name; use one of GET /sandbox/answers, or pinterest-STATUS, "
            "tiktok-CODE, tiktok-http-STATUS"
        )
    if status := other["pinterest"]:
        return pinterest.answer_of(int(status), 0, "Unexpected error")
    if status := other["http"]:
        return tiktok.answer_of(None, "Unexpected error", status=int(status), form="html")
    return tiktok.answer_of(int(other["code"]), "Unknown error")
