"""One body becomes events with their index, or nothing at all."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.intake.problem import TooMany, Unreadable
from relay.intake.split import (
    MAX_EVENTS,
    MAX_REPAIRED,
    Document,
    repaired,
    split_json,
    split_ndjson,
)

DEEP = 2_000_000  # Python 3.14 bounds what is skipped by its stack alone: 100,000 pass there


def texts(documents: list[tuple[int, Document]]) -> list[tuple[int, bytes]]:
    return [(index, bytes(raw)) for index, raw in documents]


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b'{"event":"a"}', [b'{"event":"a"}']),
        (b' \r\n\t{"event":"a"} \n', [b'{"event":"a"}']),
        (b'\xef\xbb\xbf\r\n{"event":"a"}', [b'{"event":"a"}']),
        (b'\xef\xbb\xbf[{"a":1}]', [b'{"a":1}']),
        (b'[{"a":1}, {"b":2}]', [b'{"a":1}', b'{"b":2}']),
        (b'{"events":[{"a":1},{"b":2}]}', [b'{"a":1}', b'{"b":2}']),
        (b'{"events" : [ 1 ]}', [b"1"]),
        (b'[1,"x",null,[],{}]', [b"1", b'"x"', b"null", b"[]", b"{}"]),
        (b'{"event":"a","custom":{"events":[]}}', [b'{"event":"a","custom":{"events":[]}}']),
        (b'{"event":"a","events":[]}', [b'{"event":"a","events":[]}']),
        (b'{"event":"a"', [b'{"event":"a"']),
        (rb'["\ud83d", 1 ,"\ude00"]', [rb'"\ud83d"', b"1", rb'"\ude00"']),
        (rb'{"events":["events", "\ud83d"]}', [b'"events"', rb'"\ud83d"']),
        (rb'["\\ud83d \ud83d", "\\ud83d"]', [rb'"\\ud83d \ud83d"', rb'"\\ud83d"']),
    ],
)
def test_a_json_body_is_one_event_or_a_list(body: bytes, events: list[bytes]) -> None:
    assert texts(split_json(body)) == list(enumerate(events))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"[]", "holds no event"),
        (b'{"events":[]}', "holds no event"),
        (b'{"events":{}}', "no array"),
        (b'{"events":null}', "no array"),
        (b"1", "single value"),
        (b'"purchase"', "single value"),
        (b"null", "single value"),
        (b"true", "single value"),
        (b"purchase", "not valid JSON"),
        (b"NaN", "not valid JSON"),
        (b'[{"a":1},]', "not valid JSON"),
        (b'[{"a":1}', "ends too early"),
        (b'[{"a":1}]]', "not valid JSON"),
        (b'{"events":[1}', "not valid JSON"),
        (b'["\xff"]', "not UTF-8 (byte 2)"),
        (b"\xef\xbb\xbf", "empty"),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"event":"a"}', "not valid JSON"),
        ('{"event":"a"}'.encode("utf-16"), "not UTF-8"),
        (b'["\\ud8zz"]', "not valid JSON"),
        (b'{"event":"\\ud800","custom":{"a":"events"}}', "not valid JSON"),
        (b'["%b"]' % (rb"\ud800 " * (MAX_REPAIRED + 1)), "hex escape"),
        (b"[" * DEEP + b"]" * DEEP, "nested too deep"),
        (b'{"events":' + b"[" * DEEP + b"]" * DEEP + b"}", "nested too deep"),
    ],
)
def test_a_body_that_is_neither_is_unreadable(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        split_json(body)

    problem = caught.value.problem
    assert (problem.code, problem.path) == ("not_json", "")
    assert words in problem.message


@given(st.text(st.sampled_from('\ud83d\ude00\\ud8"a'), max_size=12))
def test_a_text_is_mended_in_its_halves_alone(text: str) -> None:
    """A half that follows a backslash may be left as it is: it looks like no escape."""
    body = json.dumps(text).encode()
    whole = repaired(body)
    assert len(whole) == len(body)
    if "\\" not in text:
        marked = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert msgspec.json.decode(whole) == marked
    elif not any("\ud800" <= each <= "\udfff" for each in text):
        assert whole == body


def test_a_half_sinks_no_list_however_large() -> None:
    """As long as little of it has to be repaired."""
    sold, cut = b'{"event":"purchase"}', rb'{"event":"a party \ud83c"}'
    events = [sold] * 99_999 + [cut]

    assert texts(split_json(b"[%b]" % b",".join(events))) == list(enumerate(events))


def test_a_strange_key_beside_events_is_named() -> None:
    with pytest.raises(Unreadable) as caught:
        split_json(b'{"events":[{"a":1}],"jane@example.com":1}')

    assert caught.value.problem.code == "unknown_key"
    assert caught.value.problem.path == "[e-mail]"


def test_a_list_of_too_many_events_is_refused() -> None:
    assert len(split_json(json.dumps([1] * MAX_EVENTS).encode())) == MAX_EVENTS
    with pytest.raises(TooMany):
        split_json(json.dumps([1] * (MAX_EVENTS + 1)).encode())
    with pytest.raises(TooMany):
        split_json(json.dumps(["\ud800"] * (MAX_EVENTS + 1)).encode())


def test_the_lines_of_ndjson_keep_their_number() -> None:
    body = b'\n{"a":1}\r\n\n  \t\n{"b":2}\nbroken\n\n'

    assert texts(split_ndjson(body)) == [(1, b'{"a":1}'), (4, b'{"b":2}'), (5, b"broken")]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    body = b'\xef\xbb\xbf{"a":1}\r\n{"b":2}\r\n'

    assert texts(split_ndjson(body)) == [(0, b'{"a":1}'), (1, b'{"b":2}')]


def test_only_a_line_feed_ends_a_line() -> None:
    separators = '{"a":"\u2028\u0085"}'.encode() + b"\x0b\x0c\x1c"

    assert texts(split_ndjson(separators)) == [(0, separators)]


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n \t\n"])
def test_ndjson_without_an_event_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable, match="empty"):
        split_ndjson(body)


def test_ndjson_of_too_many_lines_is_refused_blank_or_not() -> None:
    with pytest.raises(TooMany):
        split_ndjson(b"\n" * (MAX_EVENTS + 1))
