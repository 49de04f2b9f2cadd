"""The command line: `relay …`.

Each command's module is imported when the command is called, so that `relay hash` does not wait for
a web server to load. Commands that look at a running relay use its admin port (`running/`,
`dead/`); those that go through its events read the journal while it runs (`journal/`). Exit codes:
0 success, 1 the job failed, 2 usage or configuration. Every error is one line on stderr that says
what to do.
"""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

import click

from relay.app import core_dump
from relay.cli.failure import failure_of, report

__all__ = ["cli", "main", "run"]

COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "serve": "relay.cli.serving.serve:serve",
        "check": "relay.cli.check.check:check",
        "send": "relay.cli.sending.send:send",
        "status": "relay.cli.running.status:status",
        "event": "relay.cli.running.event:event",
        "dead": "relay.cli.dead.dead:dead",
        "pause": "relay.cli.running.control:pause",
        "resume": "relay.cli.running.control:resume",
        "reconcile": "relay.cli.journal.reconcile:reconcile",
        "dedup": "relay.cli.journal.dedup:dedup",
        "keys": "relay.cli.keys.keys:keys",
        "doctor": "relay.cli.journal.doctor:doctor",
        "audit": "relay.cli.journal.audit:audit",
        "forget": "relay.cli.running.forget:forget",
        "journal": "relay.cli.journal.journal:journal",
        "hash": "relay.cli.hash_:hash_",
        "sandbox": "relay.cli.serving.sandbox:sandbox",
        "schemas": "relay.cli.schemas:schemas",
        "completion": "relay.cli.completion:completion",
        "demo": "relay.cli.sending.demo:demo",
    }
)
"""Where each command is, in the order of `relay --help`."""

STDERR: Final = 2


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of use, not alphabetically."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; the error for an unknown name suggests similar ones."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Try it without any account: relay serve --sandbox --example",
)
@click.version_option(
    package_name="conversion-relay", prog_name="relay", message="%(prog)s %(version)s"
)
def cli() -> None:
    """Relay a shop's conversions to Pinterest and TikTok, without losing one."""


def main() -> None:
    """Run the command line of this process, and end the process with the exit code."""
    core_dump.prevent()  # commands read people's data and keys, too
    open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode gets a `?`
    sys.exit(run(sys.argv[1:]))


def open_streams() -> None:
    """Open closed standard streams on /dev/null; otherwise the next file would take their place."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for good


def run(arguments: Sequence[str]) -> int:
    """Run one command, and return its exit code. It raises `SystemExit` only for a closed pipe."""
    try:
        code = cli.main(list(arguments), prog_name="relay", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the one place where every error becomes a line
        failure = failure_of(error)
        report(failure, where=bool(os.environ.get("RELAY_DEBUG")))
        return failure.exit_code
    return code if isinstance(code, int) else 0
