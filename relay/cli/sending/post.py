"""Posting events to a running relay, as any producer does: in chunks, in order, with patience.

503 and 429 are waited out as the relay asks, and what is too large goes in halves, down to the
event that is; everything else that is not an answer about the events ends the job. Whoever runs
it again does no harm: the relay skips what it has already.
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
"""For so long one chunk is offered again and again; then the job gives up."""
DEFAULT_WAIT_S: Final = 5.0
MAX_WAIT_S: Final = 60.0
LISTED: Final = 20
"""Rejections and warnings that are told one by one; the counts go on."""


class Complaint(msgspec.Struct, frozen=True):
    """What the relay has to say about one event, as in its answer."""

    index: int | None
    code: str
    path: str
    message: str


class Answer(msgspec.Struct, frozen=True):
    """What became of the events of a request, as far as it is read here.

    `relay.sources.answer` has the whole of it, and would bring a web server along.
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
"""What becomes of an event that the relay does not even take alone."""


class Tally(msgspec.Struct):
    """What became of all events so far, and the first complaints, each with its line."""

    accepted: int = 0
    rejected: int = 0
    warnings: int = 0
    told_rejections: list[tuple[int, Complaint]] = []
    told_warnings: list[tuple[int, Complaint]] = []

    def add(self, chunk: Chunk, answer: Answer) -> None:
        """Count the answer to a chunk."""
        self.accepted += answer.accepted
        self.rejected += answer.rejected
        self.warnings += len(answer.warnings)
        self.told_rejections = [*self.told_rejections, *_located(chunk, answer.errors)][:LISTED]
        self.told_warnings = [*self.told_warnings, *_located(chunk, answer.warnings)][:LISTED]


class Poster:
    """Posts chunks to `path`, and counts what became of them in `tally`. `sleep` takes seconds."""

    def __init__(self, connection: Exchange, path: str, sleep: Callable[[float], None]) -> None:
        self._connection = connection
        self._path = path
        self._sleep = sleep
        self.tally = Tally()

    def post_all(self, parts: Iterable[Chunk]) -> Iterator[Chunk]:
        """Post chunk after chunk; yield each one that is done.

        Raises `RelayError`, naming the first line that was not taken.
        """
        for chunk in parts:
            self._post(chunk)
            yield chunk

    def _post(self, chunk: Chunk) -> None:
        """Post a chunk, or its halves where the relay takes smaller requests only."""
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
        """Return the relay's answer about a chunk's events, once it is one; None for too large."""
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
    """Return the path that events are posted to; a bare address gets the relay's own."""
    path = urlsplit(url).path.rstrip("/")
    return path if path.endswith(PATH) else path + PATH


def key_headers(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the headers by which the relay knows the producer: its key, if there is one."""
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
    """Return what an answer means that is none about the events."""
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
    """Return complaints with the line of the file that each is about."""
    return [
        (chunk.lines[each.index], each)
        for each in complaints
        if each.index is not None and each.index < len(chunk.lines)
    ]


def _placed(message: str, chunk: Chunk) -> str:
    first = chunk.lines[0]
    if first == 1:
        return message
    return f"{message}; what stands before line {first} is stored, and may be sent again"
