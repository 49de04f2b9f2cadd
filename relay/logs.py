"""Logs one JSON line per record to stderr, and scrubs text that comes from outside.

A line contains `time` (RFC 3339, UTC), `level`, `logger`, `message`, and the fields that the caller
passed as `extra={"fields": {...}}` or, flat, as `extra={...}`. Text is scrubbed unless its field is
one of `PLAIN_FIELDS`, whose values come from the configuration or from a closed set. For an
exception, a line says its type and where it was raised, never its message: aiohttp's messages
contain request headers, a decoder's the payload.
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
"""The most characters of a text that are scanned; the rest is dropped, with the word at the cut."""

MAX_FIELD = 300
"""The most characters of a field; a longer one is cut off."""

MAX_FRAMES = 5
"""How many frames of an exception are logged, the innermost ones."""

PATIENCE_MS: Final = 500
"""Milliseconds that a line waits for the reader of the log."""

PLAIN_FIELDS: Final = frozenset(
    {
        *("destination", "group_id", "listen", "outcome", "path", "reason", "source", "topic"),
        "request_id",  # a platform's support asks for it
    }
)
"""Fields whose values are the relay's own words; unscrubbed, a long name or path stays readable."""

_INVISIBLE = frozenset({"Cf", "Cn", "Co", "Cs"})
_SLASH = re.compile(r"(?<!\\)\\+/")
"""A slash as JSON may write it, which would cut a long token into short ones."""
_AT_SIGN = re.compile(r"%(?:25)*40|&#0*64;?|&#x0*40;?|&commat;|\\(?:u00|x)40", re.IGNORECASE)
_EMAIL_BREAK = r'\s"<>()\[\],;:'
_EMAIL = re.compile(
    rf'"[^"]{{1,64}}"@[^{_EMAIL_BREAK}]*'  # a quoted local part may contain spaces
    rf"|(?<![^{_EMAIL_BREAK}])[^{_EMAIL_BREAK}@]+(?:\s{{1,3}}@\s{{0,3}}|@\s{{1,3}})"
    rf"(?=[^{_EMAIL_BREAK}@]*\.[^\W\d_])[^{_EMAIL_BREAK}]*"  # spaces beside the at-sign
    rf"|(?<![^{_EMAIL_BREAK}])[^{_EMAIL_BREAK}]*?@[^{_EMAIL_BREAK}]*"
)
_RUN = re.compile(r"[A-Za-z0-9_\-+/=%.~$*^#&]{20,}")
_FIELD = r"(?:\d{1,6}|[A-Z]?[a-z_]*)"
_FIELD_PATH = re.compile(rf"{_FIELD}(?:\.{_FIELD})*")
"""Each text matches in one way only; an ambiguous pattern would try twice as many with each dot."""
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
    `data.12.properties.contents.0.content_id` remains readable. When in doubt, text is removed, and
    so is one with more combining marks in a row than any script uses. Scrubbing twice gives the
    same result as scrubbing once.
    """
    line = _SLASH.sub("/", _on_one_line(text))
    line = _EMAIL.sub(EMAIL, _AT_SIGN.sub("@", line))
    line = _RUN.sub(_opaque, line)
    return _PHONE.sub(PHONE, line)[:max_length].rstrip()


def _on_one_line(text: str) -> str:
    """Return the start of `text` in one normalised line, so no look-alike hides an address."""
    text = _start(text)
    if text.isascii() and text.isprintable():
        return text
    plain = _start(normal("NFKC", text))  # one letter may become eighteen
    if plain.isprintable():
        return plain
    kept = {ord(char): _kept(char) for char in set(plain)}
    return normal("NFKC", plain.translate(kept))


def _start(text: str) -> str:
    """Return the part of a text that is scanned."""
    if len(text) <= MAX_SCANNED:
        return text
    return "".join(text[:MAX_SCANNED].rsplit(maxsplit=1)[:1])  # empty if it is all spaces


def _kept(char: str) -> str | None:
    """Return the replacement of a character in a line, None to drop it."""
    kind = unicodedata.category(char)
    if char.isspace() or kind == "Cc":
        return " "
    return None if kind in _INVISIBLE else char


def _opaque(run: re.Match[str]) -> str:
    """Return a long run unchanged only if it reads as a path of field names and indexes."""
    text = run.group()
    readable = _FIELD_PATH.fullmatch(text) and not _LONG_WORD.search(text)
    return text if readable else OPAQUE


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object; it never raises, whatever the record contains."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`, without a newline."""
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
    """Return what may be logged of an exception: its type, where it was raised, its cause's type.

    The message of a `RelayError` is our own, written to be shown; that of any other is left out.
    """
    told: dict[str, object] = {"error": _type_name(error), "at": _places(error.__traceback__)}
    if isinstance(error, RelayError):
        told["detail"] = scrub(str(error))
    cause = error.__cause__ or error.__context__
    if cause is not None:
        told["cause"] = _type_name(cause)
    return told


class _LineHandler(logging.StreamHandler[TextIO]):
    """Drops lines that its stream cannot take: it is closed, full, or nobody reads it.

    The standard handler would print the record's arguments unscrubbed, or wait for a reader for
    ever and so block the whole relay.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._missed = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, preceded by the number of lines that were dropped before it."""
        if not self._has_room():
            self._missed += 1
            return
        if self._missed:
            missed, self._missed = self._missed, 0
            super().emit(logging.makeLogRecord(_MISSING | {"lines": missed}))
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Drop the line: there is nowhere left to report the error."""

    def _has_room(self) -> bool:
        """Return whether the stream takes a line; wait for a stuck reader once only."""
        try:
            descriptor = self.stream.fileno()
        except (AttributeError, OSError, ValueError):  # none, closed, or in memory
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        return bool(poll.poll(0 if self._missed else PATIENCE_MS))


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Log all records of the process to `stream` (stderr) as JSON lines, replacing what was set.

    `level` is the relay's own. Libraries log from `WARNING` on in any case, since their debug
    messages contain the data that they carry; aiohttp's access log is off, since it contains query
    strings.
    """
    handler = _LineHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("relay").setLevel(level)
    logging.getLogger("aiohttp.access").disabled = True
    logging.captureWarnings(capture=True)


def _message(record: logging.LogRecord) -> str:
    """Return the first line of the message; its arguments are scrubbed, its template is ours.

    A message without arguments may have been formatted by its caller, so all of it is scrubbed.
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
    """Return a number unchanged, and anything else as scrubbed text."""
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
