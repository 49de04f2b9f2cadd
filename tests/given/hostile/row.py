"""One row of the tables of hostile requests, and the few words in which rows are written."""

import gzip
from typing import Any, NamedTuple

from tests.given.event.inbound import encoded
from tests.given.port.producers import post

CANARY = "c4n4ry"
GZIP = {"Content_Encoding": "gzip"}
NDJSON = {"Content_Type": "application/x-ndjson"}


class Row(NamedTuple):
    """What is sent and what is answered; `problem` is code, path and index of the first error."""

    title: str
    request: bytes
    status: int
    problem: tuple[str, str, int | None] | None = None
    rejected: int = 0


def unreadable(title: str, body: bytes, **headers: str) -> Row:
    """A body of which nothing can be read."""
    return Row(title, post(body, **headers), 400, ("not_json", "", None))


def wrong(code: str, path: str, title: str = "", **changes: Any) -> Row:
    """One event with one thing wrong."""
    request = post(encoded(**changes))
    return Row(title or f"{code} at {path}", request, 400, (code, path, 0), rejected=1)


def refused(title: str, status: int, code: str, request: bytes) -> Row:
    """A request that is not looked at."""
    return Row(title, request, status, (code, "", None))


def raw(text: str) -> bytes:
    """A request head as it is written here, line by line."""
    return text.strip().replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n"


def bomb(size: int) -> bytes:
    """A gzip body that unpacks to blanks."""
    return gzip.compress(b" " * size)


def in_members(count: int) -> bytes:
    """A gzip body of an event in so many members, of which all others are empty."""
    return gzip.compress(encoded()) + gzip.compress(b"") * (count - 1)


def chunks(*parts: bytes) -> bytes:
    """A POST of unsaid length."""
    head = post(b"", Content_Length="", Transfer_Encoding="chunked")
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


def order(**parts: Any) -> dict[str, Any]:
    return {"order": parts}


def user(**parts: Any) -> dict[str, Any]:
    return {"user": parts}
