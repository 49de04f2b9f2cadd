"""`relay journal`: verifies or copies the journal's file, whether a relay is running or not."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from relay.cli.journal.place import journal_path, sandbox_option
from relay.cli.journal.progress import interruptible, progress
from relay.cli.option import config_option, json_option
from relay.cli.output import console, counted, plain, print_json
from relay.errors import ConfigError
from relay.journal.disk.backup import Backup, back_up
from relay.journal.verify.finding import Finding
from relay.journal.verify.verify import verify

MEBIBYTE: Final = 1024 * 1024


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """The result, as `--json` prints it."""

    file: str
    valid: bool
    findings: Sequence[Finding]


@click.group(short_help="Verify the journal, or copy it.")
def journal() -> None:
    """Verify or copy the file that holds what the relay has accepted."""


@journal.command(short_help="Verify the journal, even while the relay runs.")
@sandbox_option
@json_option
@config_option
def check(config_file: Path | None, *, emulated: bool, as_json: bool) -> None:
    """Verify the journal, even while the relay runs: nothing is written to it.

    It checks every page, every event, and that each destination accounts for all it was given.
    """
    path = journal_path(config_file, emulated=emulated)
    with progress() as watch:
        findings = verify(path, watch)
    result = Verified(file=str(path), valid=all(each.fine for each in findings), findings=findings)
    if as_json:
        print_json(msgspec.json.encode(result))
    else:
        _show(result)
    if not result.valid:
        raise click.exceptions.Exit(1)


@journal.command(short_help="Copy the journal, even while the relay runs.")
@sandbox_option
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@config_option
def backup(config_file: Path | None, file: Path, *, emulated: bool, as_json: bool) -> None:
    """Copy the journal to FILE, which must not exist, even while the relay runs.

    The copy is complete by itself: it holds all that was acknowledged before it began. To restore
    it, stop the relay and put the copy in place of the journal, with no -wal or -shm beside it.
    """
    if file == Path("-"):
        raise ConfigError("-: stdout cannot take a backup; name a file")
    path = journal_path(config_file, emulated=emulated)
    with interruptible(), progress() as watch:
        done = back_up(path, file, watch)
    if as_json:
        print_json(msgspec.json.encode(done))
    else:
        console().print(plain(_told(done)))


def _show(result: Verified) -> None:
    """Print a line for each finding; problems go to stderr, as all errors do."""
    good, bad = console(), console(sys.stderr)
    for each in result.findings:
        if each.fine:
            good.print(plain(f"{each.message}: fine"))
        else:
            bad.print(plain(f"relay: {each.message}; {each.fix}"))


def _told(done: Backup) -> str:
    size = f"{done.size_bytes / MEBIBYTE:,.1f} MiB"
    return f"{done.file}: {counted(done.events, 'event')} in the log, {size}"
