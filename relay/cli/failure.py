"""Turns errors into one line for the person at the terminal.

Only the relay's own messages are shown. Of any other exception only the type is shown and, with
`RELAY_DEBUG`, the lines of code, since its text may contain a payload or a header.
"""

from typing import Final

import click
import msgspec

from relay.cli.printable import printable
from relay.errors import JournalUnavailable, RelayError
from relay.journal.disk.storage import remedy
from relay.logs import describe_exception

JOB_FAILED: Final = 1
USAGE: Final = 2
NO_THREAD: Final = "can't start new thread"
"""Python's message if the system refuses another thread."""
NO_ROOM: Final = "the system has no more memory or processes for it"
LIMITS: Final = "raise their limit (memory, processes and threads)"
INTERRUPTED: Final = 130
"""The exit code that shells expect from a program that Ctrl-C ended."""


class Failure(msgspec.Struct, frozen=True):
    """The line, the exit code and, for an unexpected error, its cause."""

    line: str
    exit_code: int
    cause: BaseException | None = None
    """An unexpected error, whose lines of code can be shown."""


def failure_of(error: BaseException) -> Failure:
    """Return how to report an error; the line is empty if nothing needs to be said."""
    if isinstance(error, BaseExceptionGroup):
        return failure_of(_foremost(error))
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return Failure(error.format_message(), USAGE)
    if isinstance(error, click.ClickException):
        return Failure(_usage_line(error), error.exit_code)
    if isinstance(error, RelayError):
        return Failure(_own_line(error), error.exit_code)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Failure("", INTERRUPTED)
    return Failure(_surprise_line(error), JOB_FAILED, error)


def report(failure: Failure, *, where: bool) -> None:
    """Print a failure to stderr; with `where`, also the lines of code of an unexpected one."""
    if failure.line:
        click.echo(failure.line, err=True)
    if where and failure.cause is not None:
        for key, value in describe_exception(failure.cause).items():
            places = value if isinstance(value, list) else [value]
            click.echo("\n".join(f"  {key}: {place}" for place in places), err=True)


def _foremost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error of a group to report: the one that the user can act on, else the first."""
    ours = group.subgroup(lambda error: isinstance(error, RelayError))
    found: BaseException = group if ours is None else ours
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def _own_line(error: RelayError) -> str:
    """Return the message; the journal's is meant for producers, so what to do is added."""
    if isinstance(error, JournalUnavailable):
        return f"relay: {error.reason}; {remedy(error.reason)}"
    return f"relay: {_on_one_line(str(error))}"


def _usage_line(error: click.ClickException) -> str:
    text = _on_one_line(error.format_message()).rstrip(".")
    text = f"relay: {text[:1].lower()}{text[1:]}"
    context = error.ctx if isinstance(error, click.UsageError) else None
    see = " See" if text.endswith(("?", "?)")) else "; see"
    return text if context is None else f"{text}{see} {context.command_path} --help"


def _surprise_line(error: BaseException) -> str:
    if isinstance(error, MemoryError) or NO_THREAD in error.args:
        return f"relay: {NO_ROOM}; {LIMITS}"
    if isinstance(error, OSError) and error.strerror:
        return f"relay: the system refused: {error.strerror.lower()}; RELAY_DEBUG=1 tells where"
    return (
        f"relay: an error in the relay itself ({type(error).__name__}); "
        "please report it with what RELAY_DEBUG=1 tells"
    )


def _on_one_line(text: str) -> str:
    return printable(" ".join(text.split()))
