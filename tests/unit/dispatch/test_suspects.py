from relay.dispatch.suspects import MAX_SUSPECTS, Suspects
from tests.given.event.builders import pending


def test_the_one_suspected_first_is_forgotten_beyond_the_bound() -> None:
    """To be suspected again counts as new, and costs no other one its place."""
    suspects = Suspects()
    events = [pending(offset) for offset in range(MAX_SUSPECTS + 1)]
    for event in (*events[:-1], events[1], events[0]):
        suspects.add(event, 10.0)
    assert len(suspects) == MAX_SUSPECTS
    suspects.add(events[-1], 20.0)
    assert len(suspects) == MAX_SUSPECTS
    assert [event.offset for event in events if event not in suspects] == [2]
    assert suspects.unknown_at(events[-1]) == 20.0


def test_what_is_at_an_end_is_no_suspect_any_more() -> None:
    """Replayed, it is like any other event."""
    suspects = Suspects()
    for event in (pending(0), pending(1)):
        suspects.add(event, 10.0)
    suspects.forget([pending(1), pending(2)])
    assert [offset for offset in range(3) if pending(offset) in suspects] == [0]
