"""What an erasure did, in the lines that a person reads."""

import pytest

from relay.admin.forget import ForgetResult, ForgottenAt
from relay.cli.running.forget import SHOWN_IDS, told


def at(name: str, *, erased: int = 0, dead: int = 0, ids: int = 0, more: int = 0) -> ForgottenAt:
    """Return what was found at a destination; `more` were delivered than are listed."""
    return ForgottenAt(
        destination=name,
        erased=erased,
        dead=dead,
        delivered=ids + more,
        delivered_event_ids=[f"order-{number}" for number in range(ids)],
    )


def lines(*destinations: ForgottenAt) -> list[str]:
    done = ForgetResult(events=1_234, damaged=0, complete=True, destinations=destinations)
    return list(told(done))


def test_what_became_of_the_events_is_counted_for_each_destination() -> None:
    assert lines(at("first", erased=1_000, ids=1), at("second", dead=2)) == [
        "1,234 events erased.",
        "first: 1,000 waited and will not be sent, 1 delivered before.",
        "second: 2 dead, never to be replayed.",
        "Only the platform of first can delete there: order-0",
    ]


@pytest.mark.parametrize(
    ("damaged", "line"), [(0, "No event of this person is on record."), (1, "0 events erased.")]
)
def test_nothing_is_called_on_record_only_if_all_could_be_read(damaged: int, line: str) -> None:
    none = ForgetResult(events=0, damaged=damaged, complete=True, destinations=())
    assert list(told(none)) == [line]


@pytest.mark.parametrize(
    ("ids", "more", "rest"),
    [
        (SHOWN_IDS, 0, ""),
        (SHOWN_IDS + 1, 0, " and 1 more"),
        (1_000, 500, " and 1,480 more"),
    ],
)
def test_of_many_ids_the_first_are_shown_and_the_rest_counted(
    ids: int, more: int, rest: str
) -> None:
    shown = ", ".join(f"order-{number}" for number in range(SHOWN_IDS))
    told_last = lines(at("first", ids=ids, more=more))[-1]
    assert told_last == f"Only the platform of first can delete there: {shown}{rest}"
