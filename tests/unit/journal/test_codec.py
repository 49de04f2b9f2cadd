"""What the journal writes is what it reads, and reading a part reads the same."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.conversion import Conversion, Item, Order
from relay.identity import Identity
from relay.journal.codec import (
    count_group,
    decode_at,
    decode_entry,
    decode_group,
    encode_group,
    entry_of,
    passed_by,
)
from relay.journal.entry import Entry, Passed
from tests.given.event.builders import payload

ORDERS = st.none() | st.builds(
    Order,
    value=st.none() | st.decimals(0, 10**9, allow_nan=False),
    currency=st.sampled_from([None, "USD", "EUR"]),
    order_id=st.none() | st.text(min_size=1),
    items=st.lists(st.builds(Item, id=st.text(), quantity=st.integers(0, 99)), max_size=2).map(
        tuple
    ),
)
CONVERSIONS = st.builds(
    Conversion,
    event=st.sampled_from(["purchase", "page_view", "Wish Shared"]),
    event_id=st.text(min_size=1, max_size=256),
    event_time=st.integers(0, 2**40),
    received_ms=st.integers(0, 2**50),
    action_source=st.just("web"),
    identity=st.builds(Identity, email_compact=st.just(("ab" * 32,))),
    order=ORDERS,
)
ENTRIES = st.builds(
    entry_of,
    conversion=CONVERSIONS,
    passed=st.dictionaries(
        st.sampled_from(["pinterest", "tiktok"]), st.just(Passed("skipped", "not_mapped"))
    ),
)


@given(st.lists(ENTRIES, max_size=5))
def test_a_group_reads_as_it_was_written(entries: list[Entry]) -> None:
    data = encode_group(entries)
    assert decode_group(data) == entries
    assert [decode_at(data, index) for index in range(len(entries))] == entries
    assert decode_at(data, len(entries)) is None


@given(ENTRIES)
def test_an_entry_reads_as_it_was_written(entry: Entry) -> None:
    assert decode_entry(entry.record) == entry


@given(CONVERSIONS, ENTRIES)
def test_the_whole_event_is_in_the_record(event: Conversion, other: Entry) -> None:
    assert entry_of(event, other.passed).conversion == event


@given(CONVERSIONS)
def test_an_entry_that_passes_more_destinations_is_otherwise_the_same(event: Conversion) -> None:
    passed = {"tiktok": Passed("skipped", "duplicate")}
    assert passed_by(entry_of(event, {}), passed, {}) == entry_of(event, passed)


@given(st.lists(ENTRIES, max_size=5))
def test_a_group_is_counted_by_reading_it_all(entries: list[Entry]) -> None:
    data = encode_group(entries)
    assert count_group(data) == len(entries)
    with pytest.raises(msgspec.DecodeError):
        count_group(data[:-1])


def test_payloads_are_not_written() -> None:
    """The digests are there to be sent again; the encoded payload would only double the disk."""
    conversion = Conversion("purchase", "e1", 1, 1000, "web", Identity(), Order(Decimal(1), "USD"))
    assert decode_entry(entry_of(conversion, {}, {"p": payload()}).record).payloads == {}
