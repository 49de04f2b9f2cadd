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
