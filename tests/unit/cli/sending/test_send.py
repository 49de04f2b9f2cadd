"""What `relay send` tells of a file's events, once they are posted."""

import os
import pty
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress

import click
import pytest
from rich.progress import DownloadColumn

from relay.cli.connection import Reply
from relay.cli.sending.chunk import Chunk
from relay.cli.sending.post import LISTED, Complaint, Poster, Tally
from relay.cli.sending.send import post, progress, tell

UNUSABLE = Complaint(0, "unusable", "user.email", "Left out.")


def told(tally: Tally, capsys: pytest.CaptureFixture[str]) -> str:
    """Return both outputs, the complaints first."""
    with suppress(click.exceptions.Exit):
        tell(tally, unit="line")
    printed = capsys.readouterr()
    return printed.err + printed.out


def test_all_that_was_accepted_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Tally(accepted=1_200), unit="line")

    assert capsys.readouterr().out == "1,200 accepted, 0 rejected.\n"


@pytest.mark.parametrize("tally", [Tally(), Tally(accepted=1, rejected=1)])
def test_what_was_rejected_and_a_file_without_events_end_with_1(tally: Tally) -> None:
    with pytest.raises(click.exceptions.Exit) as ended:
        tell(tally, unit="line")

    assert ended.value.exit_code == 1


def test_a_file_without_events_is_not_told_as_sent(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(Tally(), capsys) == "Nothing was sent: there is no event in it.\n"


def test_each_complaint_names_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    whole = Complaint(0, "too_large", "", "Too large.")
    tally = Tally(
        accepted=1,
        rejected=1,
        warnings=1,
        told_rejections=[(1_234, whole)],
        told_warnings=[(7, UNUSABLE)],
    )

    assert told(tally, capsys).splitlines() == [
        "line 1,234: too_large: Too large.",
        "line 7: warning: unusable at user.email: Left out.",
        "1 accepted, 1 rejected, 1 warning.",
    ]


def test_further_complaints_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    shown = [(line, UNUSABLE) for line in range(LISTED)]
    tally = Tally(rejected=LISTED + 1_000, told_rejections=shown, told_warnings=shown)
    tally.warnings = LISTED + 2

    text = told(tally, capsys)
    assert f"… and 1,000 more rejected events; the first {LISTED} are shown" in text
    assert f"… and 2 more warnings; the first {LISTED} are shown" in text


def test_warnings_that_the_relay_may_have_left_out_are_not_told_as_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An answer lists a thousand of them at most: of 500 events with three each, a third fell."""
    shown = [(line, UNUSABLE) for line in range(LISTED)]
    tally = Tally(accepted=500, warnings=1_000, some_left_out=True, told_warnings=shown)

    text = told(tally, capsys)
    assert f"… and at least 980 more warnings; the first {LISTED} are shown" in text
    assert "500 accepted, 0 rejected, at least 1,000 warnings." in text


def test_the_counts_of_an_interrupted_job_do_not_continue_the_line_of_the_bar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`0:00:02` and `24,000 accepted` stood together as `0:00:0224,000 accepted`."""
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with open(theirs, "w") as screen, redirect_stderr(screen):  # noqa: PTH123 - a descriptor
        poster = Poster(Accepting(), "/v1/events", lambda _: None)
        with suppress(KeyboardInterrupt), progress(DownloadColumn(), 10):
            post(poster, interrupted_after(Chunk(b"{}\n", (1,))))
        shown = os.read(ours, 65_536)
    os.close(ours)

    assert b"\x1b[2K1 accepted, 0 rejected.\r\n" in shown


class Accepting:
    """A relay that accepts one event of each request."""

    address = "127.0.0.1:8080"

    def request(self, *_: object) -> Reply:
        """Return its answer."""
        return Reply(202, {}, b'{"accepted":1,"rejected":0,"errors":[],"warnings":[]}')


def interrupted_after(chunk: Chunk) -> Iterator[Chunk]:
    """Yield a chunk; instead of the next, somebody presses Ctrl-C."""
    yield chunk
    raise KeyboardInterrupt
