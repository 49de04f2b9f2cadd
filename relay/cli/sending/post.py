"""Posts events to a running relay, as any producer does: in chunks, in order, with retries.

After 503 and 429 it waits as the relay asks. A chunk that is too large is split, down to the event
that is too large. Any other answer that is not about the events ends the job. Running it again does
no harm: the relay skips what it has accepted already.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import msgspec

from relay.cli.connection import Exchange, NoAnswer, Reply
from relay.cli.sending.chunk import Chunk
from relay.errors import ConfigError, RelayError
from relay.retry_after import retry_after_s

PATH: Final = "/v1/events"
NDJSON: Final = "application/x-ndjson"
TIMEOUT_S: Final = 60.0
PATIENCE_S: Final = 300.0
"""Seconds for which a chunk is tried again before the job gives up."""
DEFAULT_WAIT_S: Final = 5.0
MAX_WAIT_S: Final = 60.0
LISTED: Final = 20
"""How many rejections and warnings are listed one by one; further ones are only counted."""
MOST_WARNINGS: Final = 1000
"""The most warnings in an answer of the relay, which leaves out further ones and counts none."""


class Complaint(msgspec.Struct, frozen=True):
    """A rejection or warning about one event, as the relay answers it."""

    index: int | None
    code: str
    path: str
    message: str


class Answer(msgspec.Struct, frozen=True):
    """What became of a request's events, as far as it is needed here.

    `relay.sources.answer` defines the whole answer, but would import a web server.
    """

    accepted: int
    rejected: int
    errors: list[Complaint]
    warnings: list[Complaint]


TOO_LARGE: Final = Answer(
    accepted=0,
    rejected=1,
    errors=[
        Complaint(
            index=0,
            code="too_large",
            path="",
            message="The relay takes smaller events only; `max_body` of [server] is the limit.",
        )
    ],
    warnings=[],
)
"""What becomes of an event that is too large even alone."""


class Tally(msgspec.Struct):
    """What became of all events so far, and the first complaints with their line numbers.

    `some_left_out`: there may be more warnings than `warnings` counts.
    """

    accepted: int = 0
    rejected: int = 0
    warnings: int = 0
    some_left_out: bool = False
    told_rejections: list[tuple[int, Complaint]] = []
    told_warnings: list[tuple[int, Complaint]] = []

    def add(self, chunk: Chunk, answer: Answer) -> None:
        """Count the answer to a chunk."""
        self.accepted += answer.accepted
        self.rejected += answer.rejected
        self.warnings += len(answer.warnings)
        self.some_left_out |= len(answer.warnings) >= MOST_WARNINGS
        self.told_rejections = [*self.told_rejections, *_located(chunk, answer.errors)][:LISTED]
        self.told_warnings = [*self.told_warnings, *_located(chunk, answer.warnings)][:LISTED]


class Poster:
    """Posts chunks to `path`, and counts the results in `tally`. `sleep` takes seconds."""

    def __init__(self, connection: Exchange, path: str, sleep: Callable[[float], None]) -> None:
        self._connection = connection
        self._path = path
        self._sleep = sleep
        self.tally = Tally()

    def post_all(self, parts: Iterable[Chunk]) -> Iterator[Chunk]:
        """Post chunk after chunk, and yield each one that is done.

        Raises `RelayError` with the first line that was not posted.
        """
        for chunk in parts:
            self._post(chunk)
            yield chunk

    def _post(self, chunk: Chunk) -> None:
        """Post a chunk, or its halves if the relay only accepts smaller requests."""
        try:
            answer = self._taken(chunk)
        except RelayError as error:
            raise type(error)(_placed(str(error), chunk)) from None
        if answer is not None:
            self.tally.add(chunk, answer)
        elif len(chunk.lines) == 1:
            self.tally.add(chunk, TOO_LARGE)
        else:
            for half in chunk.halves():
                self._post(half)

    def _taken(self, chunk: Chunk) -> Answer | None:
        """Post a chunk until the relay answers about its events; None if the chunk is too large."""
        waited_s = 0.0
        while True:
            reply = self._reply(chunk)
            if reply.status in (202, 400):
                return _answer(reply)
            if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return None
            if reply.status not in (429, 503) or waited_s >= PATIENCE_S:
                raise refusal(reply)
            wait_s = min(retry_after_s(reply.headers) or DEFAULT_WAIT_S, MAX_WAIT_S)
            self._sleep(wait_s)
            waited_s += wait_s

    def _reply(self, chunk: Chunk) -> Reply:
        try:
            return self._connection.request("POST", self._path, chunk.body, NDJSON)
        except NoAnswer as error:
            raise NoAnswer(
                f"{error}: start the relay with `relay serve`, or name its address with --url"
            ) from None


def events_path(url: str) -> str:
    """Return the path of a URL, or the relay's own path for events if the URL has none."""
    path = urlsplit(url).path.rstrip("/")
    return path if path.endswith(PATH) else path + PATH


def key_headers(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that identify the producer: its key, if there is one."""
    key = environ.get("RELAY_API_KEY", "").strip()
    if not key.isascii() or not key.isprintable():
        raise ConfigError("RELAY_API_KEY must hold one line of plain ASCII; copy the token again")
    return {"Authorization": f"Bearer {key}"} if key else {}


_REFUSALS: Final = {
    401: "the relay wants a key that it knows: put its token into RELAY_API_KEY",
    403: "the key may not post events or is used up: take another one for RELAY_API_KEY",
    404: "there is no relay at this address: name its producers' port with --url",
    429: "the relay keeps answering that the key is over its rate: try again later",
    503: "the relay keeps answering that it can take nothing: see /readyz of its admin port",
}


def refusal(reply: Reply) -> RelayError:
    """Return the error for an answer that is not about the events."""
    known = _REFUSALS.get(reply.status)
    return RelayError(known or f"what answers is no relay (HTTP {reply.status}): check --url")


def _answer(reply: Reply) -> Answer:
    try:
        answer = msgspec.json.decode(reply.body, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RelayError("what answers is no relay: check --url") from None
    if answer.accepted or answer.rejected:
        return answer
    reason = answer.errors[0].message if answer.errors else "it says nothing"
    raise RelayError(f"the relay cannot read the request: {reason}")


def _located(chunk: Chunk, complaints: list[Complaint]) -> list[tuple[int, Complaint]]:
    """Return complaints, each with its line number in the file."""
    return [
        (chunk.lines[each.index], each)
        for each in complaints
        if each.index is not None and each.index < len(chunk.lines)
    ]


def _placed(message: str, chunk: Chunk) -> str:
    first = chunk.lines[0]
    if first == 1:
        return message
    return f"{message}; what stands before line {first} has been sent, and may be sent again"
