"""NDJSON into requests: nothing is lost, the bounds hold, and lines are numbered as editors do."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.cli.sending.chunk import MAX_BYTES, MAX_EVENTS, MAX_LINE_BYTES, Chunk, chunks, lines_of
from relay.errors import ConfigError

FOREIGN = (b"[", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")
"""What a file begins with that is an array, compressed or UTF-16, and refused as such."""

event_lines = st.binary(max_size=20).map(
    lambda text: text.replace(b"\n", b"").removeprefix(b"\xef\xbb\xbf")
)


def read(text: bytes) -> list[Chunk]:
    return list(chunks(lines_of(io.BytesIO(text))))


@given(st.lists(event_lines.filter(lambda line: not line.strip().startswith(FOREIGN))))
def test_every_line_that_is_not_blank_is_sent_once_with_its_number(lines: list[bytes]) -> None:
    sent = [
        (number, event)
        for chunk in read(b"\n".join(lines))
        for number, event in zip(chunk.lines, chunk.body.split(b"\n"), strict=False)
    ]

    blanks = b" \t\r\n"
    expected = [(at, line.strip(blanks)) for at, line in enumerate(lines, 1) if line.strip(blanks)]
    assert sent == expected


@given(st.integers(1, 3 * MAX_EVENTS))
def test_no_request_holds_too_many_events(count: int) -> None:
    found = read(b"{}\n" * count)

    assert max(len(chunk.lines) for chunk in found) <= MAX_EVENTS
    assert sum(len(chunk.lines) for chunk in found) == count


def test_no_request_is_too_large_unless_one_event_is() -> None:
    small, large = b'"%b"' % (b"a" * (MAX_BYTES // 3)), b'"%b"' % (b"b" * (2 * MAX_BYTES))

    found = read(b"\n".join([small, small, small, large, small]))

    assert [chunk.lines for chunk in found] == [(1, 2), (3,), (4,), (5,)]
    assert len(found[0].body) <= MAX_BYTES


@given(st.integers(2, MAX_EVENTS))
def test_halves_hold_the_same_events_in_the_same_lines(count: int) -> None:
    [chunk] = read(b"".join(b"%d\n" % number for number in range(1, count + 1)))

    first, second = chunk.halves()

    assert first.body + second.body == chunk.body
    assert first.lines + second.lines == chunk.lines
    assert len(second.lines) - len(first.lines) in (0, 1)


def test_the_mark_that_editors_put_first_is_cut() -> None:
    assert read(b"\xef\xbb\xbf{}\r\n") == [Chunk(b"{}\n", (1,))]


def test_a_file_without_events_makes_no_request() -> None:
    assert read(b"\n \n\r\n") == []


@pytest.mark.parametrize(
    ("beginning", "told"),
    [
        (b"\x1f\x8b\x08\x00\n{}\n", "compressed: gunzip -c FILE"),
        ('{"event": 1}\n'.encode("utf-16"), "UTF-16: iconv"),
        (b"\xfe\xff\x00{\x00}\n", "UTF-16: iconv"),
    ],
)
def test_a_file_of_which_no_line_is_an_event_is_told_before_thousands_are_refused(
    beginning: bytes, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        list(chunks(beginning.splitlines(keepends=True)))


def test_an_array_is_refused_with_the_way_to_convert_it() -> None:
    with pytest.raises(ConfigError, match="jq -c"):
        read(b'\n[{"event":"purchase"}]')


def test_a_line_without_an_end_is_no_event() -> None:
    with pytest.raises(ConfigError, match="line 2 is longer"):
        read(b"{}\n" + b"x" * (MAX_LINE_BYTES + 1))


def test_only_the_beginning_tells_what_a_file_is() -> None:
    """A later line that is none of the relay's events is refused by the relay, with its number."""
    assert read(b'{}\n["purchase"]\n') == [Chunk(b'{}\n["purchase"]\n', (1, 2))]
