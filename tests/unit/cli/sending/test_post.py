"""Posting: what each answer of a relay leads to, told by a fake one."""

import msgspec
import pytest

from relay.cli.connection import NoAnswer, Reply
from relay.cli.sending.chunk import Chunk
from relay.cli.sending.post import (
    DEFAULT_WAIT_S,
    LISTED,
    MAX_WAIT_S,
    MOST_WARNINGS,
    PATIENCE_S,
    Poster,
    events_path,
    key_headers,
)
from relay.errors import ConfigError, RelayError
from relay.sources.answer import MAX_LISTED

CHUNK = Chunk(b"{}\n{}\n", (3, 7))


class FakeRelay:
    """Answers with the given replies, the last one for ever."""

    address = "127.0.0.1:8080"

    def __init__(self, *replies: Reply | NoAnswer) -> None:
        self._replies = list(replies)
        self.requests: list[tuple[str, str, bytes | None]] = []

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = None
    ) -> Reply:
        self.requests.append((method, path, body))
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, NoAnswer):
            raise reply
        return reply


def answer(accepted: int, *rejected_indexes: int, status: int = 202) -> Reply:
    errors = [
        {"index": each, "event_id": None, "code": "missing", "path": "event", "message": "No."}
        for each in rejected_indexes
    ]
    body = {
        "accepted": accepted,
        "rejected": len(errors),
        "errors": errors,
        "warnings": errors[:1],
    }
    return Reply(status, {}, msgspec.json.encode(body))


def posted(relay: FakeRelay, *parts: Chunk) -> tuple[Poster, list[float]]:
    waits: list[float] = []
    poster = Poster(relay, "/v1/events", waits.append)
    list(poster.post_all(parts or (CHUNK,)))
    return poster, waits


def test_answers_are_added_up() -> None:
    poster, _ = posted(FakeRelay(answer(2), answer(1, 1)), CHUNK, CHUNK)

    assert (poster.tally.accepted, poster.tally.rejected, poster.tally.warnings) == (3, 1, 1)


def test_a_rejection_is_told_by_its_line_in_the_file() -> None:
    poster, _ = posted(FakeRelay(answer(1, 1)))

    [(line, complaint)] = poster.tally.told_rejections
    assert (line, complaint.code, complaint.path) == (7, "missing", "event")


def test_only_the_first_complaints_are_told_and_all_are_counted() -> None:
    many = Chunk(b"{}\n" * 50, tuple(range(1, 51)))

    poster, _ = posted(FakeRelay(answer(0, *range(50), status=400)), many)

    assert len(poster.tally.told_rejections) == LISTED
    assert poster.tally.rejected == 50


def test_a_warning_is_told_by_its_line_in_the_file_and_the_first_ones_alone() -> None:
    poster, _ = posted(FakeRelay(*[answer(1, 1)] * (LISTED + 1)), *[CHUNK] * (LISTED + 1))

    assert [(line, each.code) for line, each in poster.tally.told_warnings] == [
        (7, "missing")
    ] * LISTED
    assert poster.tally.warnings == LISTED + 1


def test_a_complaint_about_no_event_of_the_request_has_no_line() -> None:
    """Another server may answer anything; a line of the file is blamed for none of it."""
    poster, _ = posted(FakeRelay(answer(1, 1, 2)))

    assert [line for line, _ in poster.tally.told_rejections] == [7]


def test_as_many_warnings_as_an_answer_may_list_are_not_called_all() -> None:
    warning = {"index": 0, "event_id": None, "code": "unusable", "path": "user", "message": "No."}

    def warned(count: int) -> Poster:
        body = {"accepted": 2, "rejected": 0, "errors": [], "warnings": [warning] * count}
        return posted(FakeRelay(Reply(202, {}, msgspec.json.encode(body))))[0]

    assert not warned(MOST_WARNINGS - 1).tally.some_left_out
    assert warned(MOST_WARNINGS).tally.some_left_out
    assert MOST_WARNINGS == MAX_LISTED


@pytest.mark.parametrize("status", [429, 503])
def test_a_relay_that_asks_for_patience_gets_it(status: int) -> None:
    told = Reply(status, {"retry-after": "7"}, b"")
    poster, waits = posted(FakeRelay(told, Reply(status, {}, b""), answer(2)))

    assert waits == [7.0, DEFAULT_WAIT_S]
    assert poster.tally.accepted == 2


def test_patience_has_an_end() -> None:
    waits: list[float] = []
    poster = Poster(FakeRelay(Reply(503, {"retry-after": "3600"}, b"")), "/", waits.append)

    with pytest.raises(RelayError, match="can take nothing"):
        list(poster.post_all([CHUNK]))

    assert waits == [MAX_WAIT_S] * round(PATIENCE_S / MAX_WAIT_S)


def test_a_key_that_stays_over_its_rate_is_told_as_such() -> None:
    with pytest.raises(RelayError, match="over its rate"):
        posted(FakeRelay(Reply(429, {"retry-after": "60"}, b"")))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "RELAY_API_KEY"),
        (403, "may not post"),
        (404, "no relay at this address"),
        (302, "HTTP 302"),
        (500, "HTTP 500"),
    ],
)
def test_any_other_answer_ends_the_job_with_what_to_do(status: int, words: str) -> None:
    with pytest.raises(RelayError, match=words):
        posted(FakeRelay(Reply(status, {}, b"")))


def test_what_is_too_large_goes_in_halves() -> None:
    relay = FakeRelay(Reply(413, {}, b""), answer(1), answer(1))

    poster, _ = posted(relay, Chunk(b'{"a":1}\n{"b":2}\n', (3, 7)))

    assert [body for _, _, body in relay.requests[1:]] == [b'{"a":1}\n', b'{"b":2}\n']
    assert (poster.tally.accepted, poster.tally.rejected) == (2, 0)


def test_an_event_that_is_too_large_alone_is_rejected_by_its_line_and_the_rest_goes_on() -> None:
    too_large = Reply(413, {}, b"")

    poster, _ = posted(FakeRelay(too_large, answer(1), too_large, answer(2)), CHUNK, CHUNK)

    [(line, complaint)] = poster.tally.told_rejections
    assert (line, complaint.code) == (7, "too_large")
    assert "max_body" in complaint.message
    assert (poster.tally.accepted, poster.tally.rejected) == (3, 1)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"accepted":true}'])
def test_what_is_no_answer_of_a_relay_is_never_taken_for_one(body: bytes) -> None:
    with pytest.raises(RelayError):
        posted(FakeRelay(Reply(202, {}, body)))


def test_a_request_that_cannot_be_read_as_a_whole_is_no_success() -> None:
    error = {"index": None, "event_id": None, "code": "not_json", "path": "", "message": "Deep."}
    body = {"accepted": 0, "rejected": 0, "errors": [error], "warnings": []}

    with pytest.raises(RelayError, match=r"cannot read the request: Deep\."):
        posted(FakeRelay(Reply(400, {}, msgspec.json.encode(body))))


def test_a_failure_on_the_way_says_from_which_line_on_nothing_is_stored() -> None:
    first = Chunk(b"{}\n", (1,))

    with pytest.raises(NoAnswer, match="before line 3 has been sent"):
        posted(FakeRelay(answer(1), NoAnswer("gone")), first, CHUNK)


def test_a_failure_at_the_first_line_tells_of_nothing_that_is_stored() -> None:
    with pytest.raises(NoAnswer, match=r"--url$"):
        posted(FakeRelay(NoAnswer("gone")), Chunk(b"{}\n", (1,)))


def test_a_failure_amid_halves_says_so_too() -> None:
    with pytest.raises(NoAnswer, match="before line 7 has been sent"):
        posted(FakeRelay(Reply(413, {}, b""), answer(1), NoAnswer("gone")))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://127.0.0.1:8080", "/v1/events"),
        ("http://127.0.0.1:8080/", "/v1/events"),
        ("https://shop.example/relay/", "/relay/v1/events"),
        ("https://shop.example/relay/v1/events", "/relay/v1/events"),
    ],
)
def test_the_path_is_added_to_an_address_that_has_none(url: str, path: str) -> None:
    assert events_path(url) == path


def test_the_key_comes_from_the_environment() -> None:
    assert key_headers({}) == {}
    assert key_headers({"RELAY_API_KEY": " rk_1\n"}) == {"Authorization": "Bearer rk_1"}


def test_a_key_that_would_break_the_header_is_refused_unquoted() -> None:
    with pytest.raises(ConfigError) as caught:
        key_headers({"RELAY_API_KEY": "rk_\r\nHost: x"})

    assert "Host" not in str(caught.value)
