"""What an erasure answers is bounded, however many events a person has."""

from relay.event_name import Lane
from relay.journal.erase.tally import MAX_LISTED, Tally
from relay.journal.erase.traces import Trace
from relay.journal.find.lookup import Place
from relay.journal.report import Delivery
from tests.given.event.builders import entry


def test_all_delivered_events_are_counted_and_a_bounded_number_is_named() -> None:
    got = Delivery(
        destination="p",
        state="delivered",
        reason=None,
        message="",
        attempt_count=1,
        attempts=(),
        due_ms=None,
    )
    tally = Tally()
    for at in range(MAX_LISTED + 1):
        tally.note([Trace(Place(Lane.MONEY, at), entry(f"e{at}"), {}, [got])])
    told = tally.result(emptied=True).destinations["p"]
    assert (told.erased, told.dead, told.delivered) == (0, 0, MAX_LISTED + 1)
    assert told.delivered_event_ids == [f"e{at}" for at in range(MAX_LISTED)]
