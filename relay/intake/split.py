"""A body into single events, still undecoded, so that one bad event never sinks its neighbours.

An escape may hold half of a surrogate pair, as where a shop cut a text through an emoji: JSON that
follows its grammar, and that no decoder of texts can read. It is the problem of its event alone.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Final

import msgspec

from relay.intake.problem import TooMany, Unreadable
from relay.logs import EMAIL, scrub

Document = bytes | msgspec.Raw
"""One event as it came."""

MAX_EVENTS = 100_000
"""Events (of NDJSON: lines) of one body; with more, the body is refused as too large."""
MAX_KEY = 100
"""Characters of a producer's own key that are shown."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What programs on Windows write before UTF-8; a reader may ignore it (RFC 8259, section 8.1)."""
BLANKS = b" \t\r\n"
MAX_REPAIRED_BYTES = 1 << 20
"""A larger body with half of a pair is unreadable: nothing else is done while it is repaired."""
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
    or an empty list. A single event is returned as it came: whether it is JSON shows when it is
    decoded.
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
    if len(events) > MAX_EVENTS:
        raise _too_many()
    return list(enumerate(events))


def split_ndjson(body: bytes) -> list[tuple[int, Document]]:
    """Return the lines that hold an event, with their zero-based number; blank ones are counted.

    Raises `Unreadable` if there is none. Each line is a document of its own: a broken one shows
    when it is decoded, and says nothing about the others.
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
    return text if len(text) > MAX_REPAIRED_BYTES else _HALF.sub(_WHOLE, text)


def unreadable(error: Exception) -> Unreadable:
    """Return the verdict on a text that JSON's own rules forbid; it tells where, never what."""
    if isinstance(error, RecursionError):
        return Unreadable("This is nested too deep.")
    if isinstance(error, UnicodeDecodeError):
        return Unreadable("This is not UTF-8.")
    reason = str(error).removeprefix("JSON is malformed: ").partition(" - at ")[0]
    if reason == "Input data was truncated":
        reason = "it ends too early, or an escape holds half a surrogate pair"
    return Unreadable(f"This is not valid JSON: {reason}.")


def shown(key: str) -> str:
    """Return a producer's own key as far as it is safe to keep: keys can hold PII, too.

    A long name in words stays, in any case: whoever misspelled `limited_data_use` must find it.
    """
    plain = len(key) <= MAX_KEY and _WORDS.fullmatch(key)
    return key if plain else scrub(key, MAX_KEY)


def kept_id(event_id: str | None) -> str | None:
    """Return an event's id as far as it is safe to keep of an event that nobody took.

    Most ids are a shop's own numbers and UUIDs, by which it finds the event; one with an e-mail
    address in it, or that is a phone number, is scrubbed.
    """
    if event_id is None:
        return None
    scrubbed = scrub(event_id, len(event_id))
    return scrubbed if EMAIL in scrubbed or event_id.startswith("+") else event_id


def _check_utf8(text: bytes) -> None:
    """Look at the whole text at once: undecoded parts would pass, whatever they hold."""
    if text.isascii():
        return
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"This is not UTF-8 (byte {error.start}).") from None


def _events_of(text: bytes) -> Sequence[Document]:
    if text.startswith(b"["):
        return _LIST.decode(text)
    if not text.startswith(b"{"):
        msgspec.json.decode(text)
        raise Unreadable(f"This is a single value; {_SHAPES}.")
    return _enveloped(text) if b'"events"' in text else [text]


def _events_beside_halves(text: bytes) -> Sequence[Document]:
    """Return the events of a list as they came, if nothing but halves of pairs is wrong with it."""
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
