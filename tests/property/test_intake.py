"""Whatever a producer sends ends as an event, an error or an unreadable body, nothing else."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import quote, unquote_plus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from relay.intake import Finding, Intake, Origin, Router, Storage, Taken, Unreadable, Window
from relay.intake.decode import decode, diagnose
from relay.intake.explain import explain
from relay.intake.page import without_emails
from relay.intake.problem import Unusable
from relay.intake.split import split_json, split_ndjson
from relay.intake.window import Key
from tests.given.destination.stub import StubDestination, route_to
from tests.given.event.builders import NOW_S
from tests.given.event.inbound import PURCHASE
from tests.given.event.strategies import json_values
from tests.given.journal.recording import RecordingJournal

FULL: dict[str, Any] = PURCHASE | {
    "action_source": "web",
    "user": {"email": ["a@b.de"], "phone": "1", "external_id": 7, "att_status": "DENIED"},
    "order": {"value": 1, "currency": "EUR", "items": [{"id": "a", "price": 1, "quantity": 2}]},
    "page": {"url": "https://shop.example/"},
    "app": {"id": 1},
    "lead": {"id": 1},
    "consent": {"advertising": True},
    "destinations": ["first"],
    "custom": {"a": 1},
}
PATH = re.compile(r"[a-z_]*(\[\d+\])?(\.[a-z_]+(\[\d+\])?)*")
DOMAINS = st.from_regex(r"[a-z0-9-]{1,10}\.[a-z]{2,5}", fullmatch=True)
LOCALS = st.from_regex(r"[a-z0-9.!$'*_{|}~-]{1,12}", fullmatch=True)
PARTS = st.text(alphabet="abz09-._~%+/?#&=;:@ü", max_size=30)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield every place of a JSON value."""
    yield path
    keys = value.items() if isinstance(value, dict) else ()
    indexes = enumerate(value) if isinstance(value, list) else ()
    for key, part in (*keys, *indexes):
        yield from places(part, (*path, key))


def changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Return `value` with what is at `path` replaced."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def taken(body: bytes) -> Taken:
    router = Router([route_to(StubDestination("first"))], Window(99))
    whole = Intake(router, Storage(router, RecordingJournal()), lambda: NOW_S)
    return asyncio.run(whole.take_json(body, Origin("http")))


@given(st.binary(max_size=200))
@example(b'{"event":"\\ud800"}')
@example(b'[{"event_time":1e999}]')
@example(b"\xef\xbb\xbf[]")
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for split in (split_json, split_ndjson):
        try:
            documents = split(body)
        except Unreadable:
            continue
        for _, raw in documents:
            with pytest.raises((Unusable, Unreadable)) as caught:
                decode(raw)
            if isinstance(caught.value, Unusable):
                with suppress(Unreadable):
                    diagnose(raw, caught.value.problem)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.sampled_from(list(places(FULL))), json_values)
def test_any_value_anywhere_is_taken_or_an_error_with_a_path(
    path: tuple[str | int, ...], value: Any
) -> None:
    body = json.dumps([PURCHASE, changed(FULL, path, value), PURCHASE]).encode()

    try:
        found = taken(body)
    except Unreadable:
        return

    assert len(found.entries) + len(found.errors) == 3
    assert len(found.entries) >= 2
    assert all(error.index == 1 for error in found.errors)


@given(st.sampled_from(list(places(FULL))[1:]))
def test_a_strange_value_is_never_quoted(path: tuple[str | int, ...]) -> None:
    strange: list[Any] = [["c4n4ry"], {"c4n4ry": "c4n4ry"}, "c4n4ry", 7.25, True]
    for value in strange:
        for error in taken(json.dumps([changed(FULL, path, value)]).encode()).errors:
            assert_quotes_nothing(error)


def assert_quotes_nothing(error: Finding) -> None:
    assert "c4n4ry" not in error.problem.message
    assert "7.25" not in error.problem.message
    assert PATH.fullmatch(error.problem.path.replace("c4n4ry", "key"))


@given(st.text(max_size=60), st.sampled_from(["", " - at `$`", " - at `$.order.items[3]`"]))
@example("x` - at `$.jane@example.com", "")
@example("` - at `$.order", " - at `$.page`")
def test_a_key_never_gets_into_the_path_unscrubbed(key: str, place: str) -> None:
    path = explain(f"Object contains unknown field `{key}`{place}").path

    assert "@" not in path
    assert not re.search(r"\d{7}", path)


@given(
    st.lists(st.sampled_from([b"", b" ", b"\t\r", b'{"a":1}', b' {"b":2}\r', b"x"]), max_size=20)
)
def test_the_index_of_an_event_of_ndjson_is_the_number_of_its_line(lines: list[bytes]) -> None:
    expected = [(number, line.strip()) for number, line in enumerate(lines) if line.strip()]

    try:
        found = split_ndjson(b"\n".join(lines))
    except Unreadable:
        found = []

    assert found == expected


@given(PARTS, LOCALS, DOMAINS, PARTS, st.integers(0, 6))
def test_no_address_is_left_in_a_url(
    before: str, local: str, domain: str, after: str, times: int
) -> None:
    address = f"{local}@{domain}"
    encoded = address
    for _ in range(times):
        encoded = quote(encoded, safe="")

    kept = without_emails(f"https://shop.example/{before}?e={encoded}&{after}")

    assert kept is not None
    for _ in range(times + 1):
        assert address not in kept
        kept = unquote_plus(kept)


@given(PARTS)
@example("jane@example.com")
def test_to_cut_twice_is_to_cut_once(url: str) -> None:
    once = without_emails(url)

    assert without_emails(once) == once


@given(PARTS)
def test_what_is_left_of_a_url_was_in_it_in_this_order(url: str) -> None:
    left = iter(url)

    assert all(char in left for char in without_emails(url) or "")


class WindowModel(RuleBasedStateMachine):
    """The window against a list of everything that was ever added."""

    SIZE = 4
    keys = st.tuples(st.just("purchase"), st.sampled_from("abcdefgh"))
    masks = st.integers(1, 3)

    def __init__(self) -> None:
        super().__init__()
        self.window = Window(self.SIZE)
        self.added: list[tuple[Key, int]] = []
        """Every addition; one that was taken back stands with no destination."""

    @rule(key=keys, mask=masks)
    def add(self, key: Key, mask: int) -> None:
        """Only what is new is ever added, as the router does."""
        new = mask & ~self.window.seen(key)
        if new:
            self.window.add(key, new)
            self.added.append((key, new))

    @rule(count=st.integers(1, 3))
    def forget_the_last(self, count: int) -> None:
        """Take some of what was added lately back."""
        for at, (key, mask) in enumerate(self.added[-count:], max(0, len(self.added) - count)):
            self.window.forget(key, mask)
            self.added[at] = (key, 0)

    @invariant()
    def the_last_ones_are_remembered(self) -> None:
        """Nothing of the last `SIZE` additions is missing."""
        for key, mask in self.added[-self.SIZE :]:
            assert self.window.seen(key) & mask == mask

    @invariant()
    def nothing_else_is(self) -> None:
        """What was never added, or taken back, is new."""
        for name in "abcdefgh":
            key = ("purchase", name)
            ever = reduce(or_, (mask for added, mask in self.added if added == key), 0)
            assert self.window.seen(key) & ~ever == 0

    @invariant()
    def it_is_bounded(self) -> None:
        """At most two generations are kept."""
        assert len(self.window._new) + len(self.window._old) <= 2 * self.SIZE


TestWindow = WindowModel.TestCase
