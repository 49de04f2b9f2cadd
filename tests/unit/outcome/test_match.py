"""Match data: only what a platform takes, with what more of it would do."""

from relay.destinations.pinterest.person import IDENTIFIER_KEYS
from relay.outcome.match import match_data


def test_only_what_a_platform_takes_is_told() -> None:
    found = match_data(IDENTIFIER_KEYS, 10, {"email": 7})

    told = {each.name: each.count for each in found}
    assert told["E-mail"] == 7
    assert told["Click id"] == 0
    assert len(told) == len(found)
    assert all(each.events == 10 and each.gain.endswith(".") for each in found)


def test_nothing_is_told_of_a_platform_that_takes_nothing() -> None:
    assert match_data({}, 10, {"email": 7}) == []
