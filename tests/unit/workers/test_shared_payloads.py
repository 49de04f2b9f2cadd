"""Payloads that destinations share travel once, and are all there again at the other end."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from relay.intake import Router, Window
from relay.journal.entry import Entry
from relay.workers.shared_payloads import SharedPayloads
from tests.given.destination.stub import StubDestination, route_to
from tests.given.event.builders import NOW_S, conversion

NAMES = ("a", "b", "c", "d")


def destinations() -> list[StubDestination]:
    """Return four, of which the first, the third and the fourth map alike."""
    found = [StubDestination(name) for name in NAMES]
    for each in found:
        each.mapping = "other" if each.name == "b" else "same"
    return found


@given(st.sets(st.sampled_from(NAMES)))
def test_an_entry_comes_out_as_it_went_in_whoever_it_is_for(selected: set[str]) -> None:
    """Also where the first of those that map alike is passed, and another one is not."""
    router = Router([route_to(each) for each in destinations()], Window(9))
    entry = router.prepare(conversion(), frozenset(selected), NOW_S)
    whole = msgspec.structs.replace(entry, payloads=dict(entry.payloads))
    shared = SharedPayloads(destinations())

    shared.strip([entry])
    travelled = msgspec.msgpack.decode(msgspec.msgpack.encode(entry), type=Entry)
    shared.restore([travelled])

    assert travelled == whole
    assert entry.payloads.keys() == (selected - {"c", "d"} if "a" in selected else selected)


def test_a_shared_payload_is_one_object_again() -> None:
    router = Router([route_to(each) for each in destinations()], Window(9))
    entry = router.prepare(conversion(), None, NOW_S)
    shared = SharedPayloads(destinations())
    shared.strip([entry])
    assert list(entry.payloads) == ["a", "b"]
    shared.restore([entry])
    assert entry.payloads["d"] is entry.payloads["c"] is entry.payloads["a"]
