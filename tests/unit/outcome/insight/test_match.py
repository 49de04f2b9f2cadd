"""Match data: only what a platform takes, with what more of it would do, in all and by kind."""

from collections import Counter

from relay.destinations.pinterest.person import IDENTIFIER_KEYS
from relay.metrics import Carried
from relay.outcome.insight.match import match_data


def carried(events: int, **identifiers: int) -> Carried:
    """Return what was counted of one kind of event."""
    found = Carried()
    found.events, found.identifiers = events, Counter(identifiers)
    return found


def test_only_what_a_platform_takes_is_told() -> None:
    found = match_data(
        IDENTIFIER_KEYS, {"purchase": carried(4, email=3), "lead": carried(6, email=4, ttclid=6)}
    )

    told = {each.name: each.count for each in found.identifiers}
    assert told["E-mail"] == 7
    assert told["Click id"] == 0, "it takes no ttclid"
    assert len(told) == len(found.identifiers)
    assert all(each.events == 10 and each.gain.endswith(".") for each in found.identifiers)


def test_each_kind_says_what_it_carries_and_what_it_lacks_most_the_most_frequent_first() -> None:
    found = match_data(
        IDENTIFIER_KEYS,
        {
            "purchase": carried(10, email=10, phone=2, epik=1),
            "page_view": carried(90, email=9),
            "lead": carried(2, email=2, phone=2, epik=2, external_id=2),
        },
    )

    assert found.chief == ["E-mail", "Phone", "Click id", "Customer number"]
    assert [(each.event, each.events, each.counts) for each in found.kinds] == [
        ("page_view", 90, [9, 0, 0, 0]),
        ("purchase", 10, [10, 2, 1, 0]),
        ("lead", 2, [2, 2, 2, 2]),
    ]
    assert [(each.lacking, each.lacking_count) for each in found.kinds] == [
        ("E-mail", 81),
        ("Phone", 8),
        (None, 0),
    ]


def test_where_a_tenth_lacks_an_identifier_that_is_enough_of_it() -> None:
    rest = {"phone": 20, "epik": 20, "external_id": 20}
    kinds = {"lead": carried(20, email=18, **rest), "purchase": carried(20, email=17, **rest)}
    found = match_data(IDENTIFIER_KEYS, kinds)

    assert [each.lacking for each in found.kinds] == [None, "E-mail"]


def test_nothing_is_told_of_a_platform_that_takes_nothing() -> None:
    found = match_data({}, {"purchase": carried(10, email=7)})

    assert (found.identifiers, found.chief) == ([], [])


def test_nothing_is_told_before_the_first_event() -> None:
    assert match_data(IDENTIFIER_KEYS, {}).events == 0
