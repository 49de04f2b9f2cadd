"""What `relay dedup` prints of its result: each count under its own heading, each reason whole."""

import pytest

from relay.cli.journal.dedup import _show
from relay.comparison.dedup_result import Checked, DedupResult, Unsent


def unsent(event: str, events: int, *, forgotten: int = 0, server_sends: bool = True) -> Unsent:
    return Unsent(
        event=event,
        events=events,
        forgotten=forgotten,
        server_sends=server_sends,
        example="b-1",
    )


def lines(capsys: pytest.CaptureFixture[str], *browser_only: Unsent) -> list[str]:
    checked = Checked(
        destination="first",
        type="tiktok",
        once=4_000,
        server_only=300,
        twice=20,
        outside=1,
        doubts=(),
        test=False,
        sentence="20 of 4,320 events are counted twice.",
    )
    found = DedupResult(
        journal="relay.db",
        sound=False,
        browser_events=5_000,
        unreadable=0,
        faults=(),
        columns={},
        events_unreadable=0,
        kept_since=None,
        destinations=(checked,),
        browser_only=browser_only,
    )
    _show(found)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_each_count_stands_under_its_heading(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys) == [
        "Destination Once Server only Twice Outside",
        "first 4,000 300 20 1",
        "",
        "20 of 4,320 events are counted twice.",
        "",
        "5,000 events of the browser looked at.",
    ]


def test_why_only_the_browser_has_sent_something_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Kept no longer, lost on the way, or never sent by the shop's server at all."""
    told = lines(
        capsys,
        unsent("Purchase", 1_200),
        unsent("Lead", 30, forgotten=7),
        unsent("Search", 2, server_sends=False),
    )

    assert told[told.index("Only the browser has sent:") + 1 :][:4] == [
        "Event Events Why",
        "Purchase 1,200 not on record here",
        "Lead 30 not on record here; 7 from before what the relay keeps",
        "Search 2 no event of this name is on record here",
    ]
