"""Every failure is one line with what to do, the right exit code, and no foreign words."""

import click
import pytest

from relay.cli.failure import Failure, failure_of, report
from relay.errors import ConfigError, JournalUnavailable, RelayError

SECRET = "Bearer rk_secret jane@example.com"


def test_our_own_errors_are_told_as_they_are() -> None:
    assert failure_of(RelayError("disk full: make room")) == Failure(
        "relay: disk full: make room", 1
    )
    assert failure_of(ConfigError("no such key")).exit_code == 2


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        (
            "the disk of the journal is full",
            "free some space on it, or set [journal] path to another disk",
        ),
        (
            "the journal's file is read-only",
            "check its disk, owner and permissions, or set [journal] path",
        ),
        ("the journal's file is locked by another program", "end that program"),
    ],
)
def test_a_journal_that_takes_nothing_is_told_with_what_to_do(reason: str, remedy: str) -> None:
    assert failure_of(JournalUnavailable(reason)) == Failure(f"relay: {reason}; {remedy}", 1)


def test_wrong_usage_names_the_help_of_its_command() -> None:
    context = click.Context(click.Command("send"), info_name="send", parent=None)
    error = click.UsageError("No such option: --ulr.", ctx=context)

    failure = failure_of(error)

    assert failure == Failure("relay: no such option: --ulr; see send --help", 2)


def test_after_a_question_the_help_is_named_in_a_sentence_of_its_own() -> None:
    context = click.Context(click.Command("send"), info_name="send", parent=None)
    error = click.UsageError("No such option: --ulr. Did you mean --url?", ctx=context)

    assert failure_of(error).line.endswith("Did you mean --url? See send --help")


def test_a_message_of_several_lines_becomes_one() -> None:
    assert "\n" not in failure_of(click.UsageError("Missing argument.\n\tChoose from: a,\n b")).line


@pytest.mark.parametrize("steering", ["\x1b[2J", "\x9b2J", "\x7f", "\u202e"])
def test_words_of_another_program_cannot_steer_a_terminal(steering: str) -> None:
    """Such as those of whatever answers in the relay's place."""
    assert failure_of(RelayError(f"said: {steering}")).line.isprintable()


def test_of_a_group_of_errors_the_one_that_the_user_can_fix_is_reported() -> None:
    group = BaseExceptionGroup(
        "tasks", [ValueError(SECRET), ExceptionGroup("port", [RelayError("port taken: end it")])]
    )

    assert failure_of(group) == Failure("relay: port taken: end it", 1)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_a_limit_of_the_system_is_not_told_as_a_mistake_of_the_relay(error: Exception) -> None:
    assert failure_of(error).line == (
        "relay: the system has no more memory or processes for it; "
        "raise their limit (memory, processes and threads)"
    )


@pytest.mark.parametrize("error", [click.Abort(), KeyboardInterrupt()])
def test_ctrl_c_needs_no_words(error: BaseException) -> None:
    assert failure_of(error) == Failure("", 130)


@pytest.mark.parametrize(
    "error", [ValueError(SECRET), OSError(SECRET), ExceptionGroup(SECRET, [KeyError(SECRET)])]
)
def test_a_foreign_error_is_reported_without_its_message(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    report(failure_of(error), where=True)

    told = capsys.readouterr().err
    assert told.startswith("relay: an error in the relay itself")
    assert "secret" not in told
    assert "jane" not in told


def test_without_being_asked_nothing_but_the_line_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report(failure_of(ValueError(SECRET)), where=False)

    assert len(capsys.readouterr().err.splitlines()) == 1
