"""One JSON line per record on stderr, and the words of outsiders made safe to keep.

A line holds `time` (RFC 3339, UTC), `level`, `logger`, `message`, and what the caller gave as
`extra={"fields": {...}}` or, flat, as `extra={...}`. Text is scrubbed unless its field is one of
`PLAIN_FIELDS`, whose values come from the configuration or from a closed set. Of an exception a
line tells the type and where it was raised, never its words: those of aiohttp hold request
headers, those of a decoder the payload.
"""

import logging
import re
import select
import sys
import traceback
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

import msgspec

from relay.errors import RelayError
from relay.normal_form import normal

EMAIL: Final = "[e-mail]"
PHONE: Final = "[phone]"
OPAQUE: Final = "[opaque]"

MAX_SCANNED = 20_000
"""Characters of a text that are looked at; what follows is dropped, with the word it cuts."""

MAX_FIELD = 300
"""Characters of a field; a longer one is cut."""

MAX_FRAMES = 5
"""Places told of one exception, the innermost ones."""

PATIENCE_MS: Final = 500
"""How long a line waits for whoever reads the log."""

PLAIN_FIELDS: Final = frozenset(
    {
        *("destination", "group_id", "listen", "outcome", "path", "reason", "source", "topic"),
        "request_id",  # a platform's support asks for it
    }
)
"""Fields whose values are the relay's own words, so that a long name or path stays readable."""

_INVISIBLE = frozenset({"Cf", "Cn", "Co", "Cs"})
_AT_SIGN = re.compile(r"%(?:25)*40|&#0*64;|&#x0*40;|&commat;|\\u0040", re.IGNORECASE)
_EMAIL_BREAK = r'\s"<>()\[\],;:'
_EMAIL = re.compile(
    rf'"[^"]{{1,64}}"@[^{_EMAIL_BREAK}]*'  # a quoted local part may hold blanks
    rf"|(?<![^{_EMAIL_BREAK}])[^{_EMAIL_BREAK}]*?@[^{_EMAIL_BREAK}]*"
)
_RUN = re.compile(r"[A-Za-z0-9_\-+/=%.~$*^#&]{20,}")
_FIELD = r"(?:\d{1,6}|[A-Z]?[a-z_]*)"
_FIELD_PATH = re.compile(rf"{_FIELD}(?:\.{_FIELD})*")
"""Each text can be read in one way only, or every way is tried: twice as many with each dot."""
_LONG_WORD = re.compile(r"[A-Za-z]{15}")
_BETWEEN_DIGITS = r"(?:[\s.()/+\-\u2010-\u2015\u2212]|%(?:25)*[2-5][0-9A-Fa-f])"
_PHONE = re.compile(rf"\+?\(?\d(?:{_BETWEEN_DIGITS}{{0,4}}\d){{6,}}")

_MISSING: Final = {
    "name": __name__,
    "levelno": logging.WARNING,
    "levelname": "WARNING",
    "msg": "nobody read the log for a while, and lines are missing here",
}
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def scrub(text: str, max_length: int = MAX_FIELD) -> str:
    """Return `text` on one line, without personal data and tokens, of at most `max_length`.

    E-mail addresses, phone numbers (seven digits and more) and opaque strings of twenty and more
    characters become placeholders. Dotted paths of lower-case words and indexes stay, so that
    `data.12.properties.contents.0.content_id` can be read; in doubt the text goes, and so does one
    with more marks in a row than any writing. Scrubbing twice gives the same as once.
    """
    line = _on_one_line(text)
    line = _EMAIL.sub(EMAIL, _AT_SIGN.sub("@", line))
    line = _RUN.sub(_opaque, line)
    return _PHONE.sub(PHONE, line)[:max_length].rstrip()


def _on_one_line(text: str) -> str:
    """Return the start of `text` in one spelling, so that no look-alike hides an address."""
    text = _start(text)
    if text.isascii() and text.isprintable():
        return text
    plain = _start(normal("NFKC", text))  # one letter may become eighteen
    if plain.isprintable():
        return plain
    kept = {ord(char): _kept(char) for char in set(plain)}
    return normal("NFKC", plain.translate(kept))


def _start(text: str) -> str:
    """Return what is looked at of a text."""
    if len(text) <= MAX_SCANNED:
        return text
    return "".join(text[:MAX_SCANNED].rsplit(maxsplit=1)[:1])  # of blanks, nothing


def _kept(char: str) -> str | None:
    """Return what a line has in place of a character, None for nothing."""
    kind = unicodedata.category(char)
    if char.isspace() or kind == "Cc":
        return " "
    return None if kind in _INVISIBLE else char


def _opaque(run: re.Match[str]) -> str:
    """Return a long run as it is only if it can be read as a path of field names and indexes."""
    text = run.group()
    readable = _FIELD_PATH.fullmatch(text) and not _LONG_WORD.search(text)
    return text if readable else OPAQUE


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object; it never raises, whatever the record holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`, without its line end."""
        line = {name: _field(name, value) for name, value in _extras(record).items()} | {
            "time": _rfc3339(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe_exception(record.exc_info[1])
        order = ("time", "level", "logger", "message")
        return msgspec.json.encode({key: line.pop(key) for key in order} | line).decode()


def describe_exception(error: BaseException) -> dict[str, object]:
    """Return what may be told of an exception: its type, where it was raised, its cause's type.

    The words of a `RelayError` are ours, written to be shown; those of any other are left out.
    """
    told: dict[str, object] = {"error": _type_name(error), "at": _places(error.__traceback__)}
    if isinstance(error, RelayError):
        told["detail"] = scrub(str(error))
    cause = error.__cause__ or error.__context__
    if cause is not None:
        told["cause"] = _type_name(cause)
    return told


class _LineHandler(logging.StreamHandler[TextIO]):
    """A handler that leaves out what its stream cannot take: closed, full, or read by nobody.

    The standard one would print the record's arguments, unscrubbed, or wait for a reader for ever,
    and with it whoever logs: the whole relay.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._missed = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, and before it how many there was no room for."""
        if not self._has_room():
            self._missed += 1
            return
        if self._missed:
            missed, self._missed = self._missed, 0
            super().emit(logging.makeLogRecord(_MISSING | {"lines": missed}))
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Drop the line: there is nowhere left to tell it."""

    def _has_room(self) -> bool:
        """Wait for a reader, but not again as long as it stands still."""
        try:
            descriptor = self.stream.fileno()
        except (AttributeError, OSError, ValueError):  # none, closed, or in memory
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        return bool(poll.poll(0 if self._missed else PATIENCE_MS))


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every record of the process to `stream` (stderr) as JSON lines, replacing what was set.

    `level` is the relay's own. Libraries speak from `WARNING` on whatever it is, since what they
    tell for debugging holds what they carry; aiohttp's access log is off: it holds query strings.
    """
    handler = _LineHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("relay").setLevel(level)
    logging.getLogger("aiohttp.access").disabled = True
    logging.captureWarnings(capture=True)


def _message(record: logging.LogRecord) -> str:
    """Return the first line of the message; its arguments are scrubbed, its template is ours.

    A message without arguments may have been put together by its caller, so all of it is scrubbed.
    """
    template = str(record.msg).partition("\n")[0]
    if not record.args:
        return scrub(template)
    try:
        if isinstance(record.args, dict):
            return template % {name: _value(value) for name, value in record.args.items()}
        return template % tuple(_value(value) for value in record.args)
    except (TypeError, ValueError, KeyError):
        return scrub(template)


def _extras(record: logging.LogRecord) -> dict[str, object]:
    """Return what the caller added to the record."""
    extras = {name: value for name, value in vars(record).items() if name not in _STANDARD_FIELDS}
    fields = extras.pop("fields", {})
    return extras | (fields if isinstance(fields, dict) else {"fields": fields})


def _field(name: str, value: object) -> object:
    if name in PLAIN_FIELDS and isinstance(value, str | Path):
        return str(value)[:MAX_FIELD].encode(errors="replace").decode()
    return _value(value)


def _value(value: object) -> object:
    """Return a number as it is, and anything else as scrubbed text."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else OPAQUE
    if isinstance(value, BaseException):
        return str(value) if isinstance(value, RelayError) else _type_name(value)
    return scrub(str(value))


def _places(trace: TracebackType | None) -> list[str]:
    places = [
        f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace)
    ]
    return places[-MAX_FRAMES:]


def _type_name(error: BaseException) -> str:
    kind = type(error)
    within = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return within + kind.__qualname__


def _rfc3339(unix_s: float) -> str:
    moment = datetime.fromtimestamp(unix_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
