"""Splits a body into single events, still undecoded, so that a bad event never affects others.

An escape may contain half of a surrogate pair, for example where a shop cut a text within an emoji.
The grammar of JSON allows that, but no decoder can read it as text. It is a problem of that event
alone.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Final

import msgspec

from relay.intake.problem import TooMany, Unreadable
from relay.logs import EMAIL, scrub

Document = bytes | msgspec.Raw
"""One event as it was received."""

MAX_EVENTS = 100_000
"""The most events (of NDJSON: lines) of one body; a larger one is refused."""
MAX_KEY = 100
"""The most characters that are shown of a producer's own key."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Windows programs write it before UTF-8; a reader may ignore it (RFC 8259, section 8.1)."""
BLANKS = b" \t\r\n"
MAX_REPAIRED = 175_000
"""A body of more escapes of surrogates is not repaired, since that would block everything else."""
_SHAPES = 'send one event, an array of events, or {"events": […]}'


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_HALF: Final = re.compile(
    rb"\\u[Dd](?<!\\\\u[Dd])"
    rb"(?:[89ABab][0-9A-Fa-f]{2}(?!\\u[Dd][C-Fc-f])"
    rb"|(?<!\\u[Dd][89ABab]..\\u[Dd])[C-Fc-f][0-9A-Fa-f]{2})"
)
_WHOLE: Final = rb"\\ufffd"
_WORDS: Final = re.compile(
    r"(?=[^0-9]*[0-9]{0,3}[^0-9]*\Z)"
    r"[A-Z]?[a-z]{2,14}(?:[_-]?(?:[A-Z][a-z]{1,13}|[0-9]+)|[_-][a-z]{1,14})*"
)
"""A name made of words and at most one short number: no address, phone number, digest or token."""


def split_json(body: bytes) -> list[tuple[int, Document]]:
    """Return the events of a body that is one event, an array, or `{"events": […]}`, numbered.

    Raises `Unreadable` for an empty body, broken UTF-8, a broken array, too deep nesting, a scalar,
    or an empty list, and `TooMany` for too many events. A single event is returned as received:
    whether it is JSON only shows when it is decoded.
    """
    text = body.removeprefix(BYTE_ORDER_MARK).strip(BLANKS)
    if not text:
        raise Unreadable(f"The body is empty; {_SHAPES}.")
    _check_utf8(text)
    try:
        events = _events_of(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        events = _events_beside_halves(text)
        if not events:
            raise unreadable(error) from None
    if not events:
        raise Unreadable("The list holds no event.")
    return list(enumerate(events))


def split_ndjson(body: bytes) -> list[tuple[int, Document]]:
    """Return the lines that contain an event, with zero-based numbers that count blank lines, too.

    Raises `Unreadable` if there is none, or `TooMany`. Each line is a document of its own: whether
    it is JSON only shows when it is decoded, and does not affect the others.
    """
    if body.count(b"\n") > MAX_EVENTS:
        raise _too_many()
    lines = BytesIO(body.removeprefix(BYTE_ORDER_MARK))
    events: list[tuple[int, Document]] = [
        (number, text) for number, line in enumerate(lines) if (text := line.strip(BLANKS))
    ]
    if not events:
        raise Unreadable("The body is empty; send one event a line.")
    return events


def repaired(text: bytes) -> bytes:
    """Return a text of the same length, with U+FFFD for each escaped half of a surrogate pair."""
    escapes = text.count(rb"\ud") + text.count(rb"\uD")
    return text if escapes > MAX_REPAIRED else _HALF.sub(_WHOLE, text)


def unreadable(error: Exception) -> Unreadable:
    """Return the error for text that is not valid JSON; it says where, but quotes nothing."""
    if isinstance(error, RecursionError):
        return Unreadable("This is nested too deep.")
    if isinstance(error, UnicodeDecodeError):
        return Unreadable("This is not UTF-8.")
    reason = str(error).removeprefix("JSON is malformed: ").partition(" - at ")[0]
    if reason == "Input data was truncated":
        reason = "it ends too early, or an escape holds half a surrogate pair"
    return Unreadable(f"This is not valid JSON: {reason}.")


def shown(key: str) -> str:
    """Return a producer's own key as far as it is safe to store: keys can contain PII, too.

    A long name made of words stays as it is, so that whoever misspelled `limited_data_use` finds
    it.
    """
    plain = len(key) <= MAX_KEY and _WORDS.fullmatch(key)
    return key if plain else scrub(key, MAX_KEY)


def kept_id(event_id: str | None) -> str | None:
    """Return the id of a rejected event as far as it is safe to store.

    Most ids are a shop's own numbers and UUIDs, which it needs to find the event; one that contains
    an e-mail address, or begins with a plus like a phone number, is scrubbed.
    """
    if event_id is None:
        return None
    scrubbed = scrub(event_id, len(event_id))
    return scrubbed if EMAIL in scrubbed or event_id.startswith("+") else event_id


def _check_utf8(text: bytes) -> None:
    """Check the whole text at once: parts that stay undecoded would pass, whatever they contain."""
    if text.isascii():
        return
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"This is not UTF-8 (byte {error.start}).") from None


def _events_of(text: bytes) -> Sequence[Document]:
    events = _listed(text)
    if len(events) > MAX_EVENTS:
        raise _too_many()
    return events


def _listed(text: bytes) -> Sequence[Document]:
    if text.startswith(b"["):
        return _LIST.decode(text)
    if not text.startswith(b"{"):
        msgspec.json.decode(text)
        raise Unreadable(f"This is a single value; {_SHAPES}.")
    return _enveloped(text) if b'"events"' in text else [text]


def _events_beside_halves(text: bytes) -> Sequence[Document]:
    """Return the events of a list as received, if only halves of pairs are wrong with it."""
    whole = repaired(text)
    if whole == text:
        return []
    try:
        events = _events_of(whole)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    found, end = [], whole.find(b"[")
    for event in events:
        if not isinstance(event, msgspec.Raw):
            return []
        start = whole.index(event, end)
        end = start + len(bytes(event))
        found.append(msgspec.Raw(text[start:end]))
    return found


def _enveloped(text: bytes) -> Sequence[Document]:
    try:
        return _ENVELOPE.decode(text).events
    except msgspec.ValidationError:
        keys = _KEYS.decode(text)
    if "events" not in keys or "event" in keys:
        return [text]
    strange = next((key for key in keys if key != "events"), None)
    if strange is not None:
        raise Unreadable("This key is not known beside `events`.", "unknown_key", shown(strange))
    raise Unreadable("The value of `events` is no array.")


def _too_many() -> TooMany:
    return TooMany(f"The body holds more than {MAX_EVENTS} events; send smaller batches.")
