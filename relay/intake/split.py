"""A body into single events, still undecoded, so that one bad event never sinks its neighbours."""

import msgspec

from relay.intake.problem import Unreadable


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_BLANKS = b" \t\r\n"


def split_json(body: bytes) -> list[bytes | msgspec.Raw]:
    """Return the events of a body that is one event, an array, or `{"events": […]}`.

    Raises `Unreadable` for an empty body, broken UTF-8, a broken array, too deep nesting, or an
    empty list. A single event is returned as it came: whether it is JSON shows when it is decoded.
    """
    text = body.strip(_BLANKS)
    if not text:
        raise Unreadable('The body is empty; send one event, an array, or {"events": […]}.')
    check_utf8(text)
    events = _events_of(text)
    if not events:
        raise Unreadable("The list holds no event.")
    return events


def split_ndjson(body: bytes) -> list[tuple[int, bytes]]:
    """Return the lines that hold an event, with their zero-based number; blank ones are counted.

    Raises `Unreadable` if there is none.
    """
    lines = [(number, line.strip(_BLANKS)) for number, line in enumerate(body.split(b"\n"))]
    events = [(number, line) for number, line in lines if line]
    if not events:
        raise Unreadable("The body is empty; send one event a line.")
    return events


def check_utf8(text: bytes) -> None:
    """Raise `Unreadable` unless the text is UTF-8."""
    if text.isascii():
        return
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"The body is not UTF-8 (byte {error.start}).") from None


def _events_of(text: bytes) -> list[bytes | msgspec.Raw]:
    try:
        if text.startswith(b"["):
            return list(_LIST.decode(text))
        if text.startswith(b"{") and b'"events"' in text:
            return list(_ENVELOPE.decode(text).events)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, RecursionError) as error:
        raise unreadable(error) from None
    return [text]


def unreadable(error: Exception) -> Unreadable:
    """Return the verdict on a body that JSON's own rules forbid; it tells where, never what."""
    if isinstance(error, RecursionError):
        return Unreadable("The body is nested too deep.")
    if isinstance(error, UnicodeDecodeError):
        return Unreadable("The body is not UTF-8.")
    return Unreadable(
        f"The body is not valid JSON: {str(error).removeprefix('JSON is malformed: ')}."
    )
