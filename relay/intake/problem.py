"""What can be wrong with an event, in the words and codes that producers rely on."""

from typing import Literal

import msgspec

Code = Literal[
    "not_json",
    "unknown_key",
    "missing",
    "wrong_type",
    "invalid_value",
    "out_of_range",
    "no_identifier",
    "future",
]


class Problem(msgspec.Struct, frozen=True, gc=False):
    """One thing wrong at `path` of an event; `message` never quotes a value."""

    code: Code
    path: str
    message: str


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A problem of the event at `index` of a body, with the event's id if it has a valid one."""

    index: int
    event_id: str | None
    problem: Problem


class Unusable(Exception):
    """The event cannot be accepted; `problem` is the first one found."""

    def __init__(self, code: Code, path: str, message: str) -> None:
        super().__init__(code)
        self.problem = Problem(code, path, message)


class Unreadable(Exception):
    """The body as a whole cannot be read; none of it is accepted."""

    def __init__(self, message: str, code: Code = "not_json", path: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(code, path, message)


class TooMany(Unreadable):
    """The body contains more events than are allowed; none of it is accepted."""
