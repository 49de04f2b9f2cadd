"""A destination in one sentence, whatever the numbers are."""

import pytest

from relay.comparison.dedup_advice import sentence
from relay.comparison.dedup_result import Checked


@pytest.mark.parametrize(
    ("once", "server_only", "twice", "said"),
    [
        (0, 0, 0, "no event was sent in the time that the file covers."),
        (1, 0, 0, "the only event counts once."),
        (0, 1, 0, "the only event counts once; 1 came from the server alone, which is fine."),
        (0, 0, 1, "the only event is counted twice, or may be."),
        (2, 0, 0, "none of 2 events is counted twice."),
        (1, 0, 1, "1 of 2 events is counted twice, or may be."),
        (
            998,
            1,
            2,
            "2 of 1,001 events are counted twice, or may be; 1 came from the server alone,",
        ),
    ],
)
def test_one_and_many_are_told_as_people_would(
    once: int, server_only: int, twice: int, said: str
) -> None:
    assert told(once, server_only, twice).startswith(f"tiktok-main: {said}")


def test_nothing_is_counted_in_test_mode() -> None:
    assert told(0, 0, 1, test=True) == (
        "tiktok-main: the only event is counted twice, or may be;"
        " it is in test mode, in which the platform counts nothing."
    )


def told(once: int, server_only: int, twice: int, *, test: bool = False) -> str:
    checked = Checked(
        destination="tiktok-main",
        type="tiktok",
        once=once,
        server_only=server_only,
        twice=twice,
        outside=0,
        doubts=[],
        test=test,
    )
    return sentence(checked)
