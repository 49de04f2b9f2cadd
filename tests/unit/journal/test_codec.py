"""What the journal writes is what it reads, and reading a part reads the same."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from relay.conversion import Conversion, Item, Order
from relay.identity import Identity
from relay.journal.base import Entry, Passed
from relay.journal.codec import (
    decode_at,
    decode_entry,
    decode_group,
    encode_entry,
    encode_group,
    ids_in,
)

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
    Entry,
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
    assert decode_entry(encode_entry(entry)) == entry


@given(st.lists(ENTRIES, max_size=5))
def test_the_ids_of_a_group_are_those_of_its_entries(entries: list[Entry]) -> None:
    expected = [
        (entry.conversion.event_id, entry.conversion.order.order_id)
        if entry.conversion.order
        else (entry.conversion.event_id, None)
        for entry in entries
    ]
    assert ids_in(encode_group(entries)) == expected


def test_payloads_are_not_written() -> None:
    """The digests are there to be sent again; the encoded payload would only double the disk."""
    conversion = Conversion("purchase", "e1", 1, 1000, "web", Identity(), Order(Decimal(1), "USD"))
    assert decode_entry(encode_entry(Entry(conversion, {}))).payloads == {}
