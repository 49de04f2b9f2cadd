"""What is said of events that wait for a destination which is not configured any more."""

import pytest

from relay.journal.report import Totals
from relay.outcome.absent import tell_absent

TOTALS = Totals(
    received={},
    rejected={},
    accepted={"here": 5, "renamed": 30, "finished": 2, "dead": 1},
    replayed={"renamed": 1},
    delivered={("renamed", "purchase"): 7, ("finished", "lead"): 2},
    skipped={("renamed", "duplicate"): 3},
    dead={("renamed", "expired"): 2, ("dead", "expired"): 1},
    value_delivered={},
)


def test_only_what_waits_unseen_is_told(caplog: pytest.LogCaptureFixture) -> None:
    tell_absent(TOTALS, {"here"})
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert record.__dict__["fields"] == {"destination": "renamed", "events": 19}


def test_once_the_name_is_back_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    tell_absent(TOTALS, {"here", "renamed"})
    assert not caplog.records
