"""`relay forget`: erases a person from the relay's journal, and lists what the platforms have.

The values are normalised and hashed here, by intake's own rules; only digests leave this process,
and no message quotes a value.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
from msgspec.structs import asdict

from relay.admin.forget import Forget, ForgetResult, ForgottenAt
from relay.cli.option import (
    Command,
    available_config,
    config_option,
    country_of,
    json_option,
    value_of,
)
from relay.cli.output import confirm, console, counted, plain, print_json
from relay.cli.running.client import LONG_S, admin_client, read
from relay.errors import ConfigError, RelayError
from relay.event import User
from relay.identity.subject import Subject

SHOWN_IDS: Final = 20
"""How many event ids are shown for each destination; `--json` has more."""
LEFT_OVER: Final = (
    "the journal was busy, so that old bytes may be left in it: run the same command again"
)
DAMAGED: Final = (
    "{} may be this person's and cannot be read: nothing of that is sent. Put the disk right and "
    "run the same command again, or wait until retention has taken it"
)


def person_options(command: Command) -> Command:
    """Add the options that name a person, each of which may be repeated."""
    for option, text in (
        ("--phone", "Number, best with its country code."),
        ("--external-id", "The shop's id of the person."),
        ("--email", "Address, or its SHA-256."),
    ):
        command = click.option(option, help=text, multiple=True, metavar="VALUE")(command)
    return command


@click.command(short_help="Erase a person from the journal.")
@person_options
@click.option("--country", metavar="CC", help="The country of a national number, such as US.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@config_option
def forget(
    email: Sequence[str],
    external_id: Sequence[str],
    phone: Sequence[str],
    country: str | None,
    config_file: Path | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase a person: nothing of theirs is sent any more, and nothing is kept but the counts.

    With - as VALUE a line is read from stdin, so that it stays out of the shell's history. What the
    platforms already have is listed: only they can delete it.
    """
    config = available_config(config_file)
    region = country_of(country) or config.intake.default_country
    given = {"email": email, "external_id": external_id, "phone": phone}
    subject = subject_of(given, region)
    if "-" in (*email, *external_id, *phone):
        _refuse_more_lines()
    if not yes and sys.stdin.isatty():
        confirm("Erase this person for good?")
    with admin_client(config, timeout_s=LONG_S) as client:
        body = client.tell("/api/v1/forget", Forget.about(subject))
    done = read(body, ForgetResult)
    if as_json:
        print_json(body)
    else:
        for line in told(done):
            console().print(plain(line))
    if done.damaged:
        raise RelayError(DAMAGED.format(counted(done.damaged, "damaged event")))
    if not done.complete:
        raise RelayError(LEFT_OVER)


def _refuse_more_lines() -> None:
    """Raise `ConfigError` if stdin holds more than was read: those people would not be erased."""
    if not sys.stdin.isatty() and sys.stdin.read().strip():
        raise ConfigError("stdin has more lines than there are -, each of which takes one")


def subject_of(given: dict[str, Sequence[str]], region: str | None) -> Subject:
    """Return the person whom the options name. Raises `ConfigError` for an unusable value."""
    if not any(given.values()):
        raise click.UsageError("say who: --email, --external-id or --phone")
    parts = [
        _part(field, value_of(value), region) for field, values in given.items() for value in values
    ]
    return Subject(**{field: _union(parts, field) for field in given})


def told(done: ForgetResult) -> Iterator[str]:
    """Yield the lines that say what was done."""
    if not done.events and not done.damaged:
        yield "No event of this person is on record."
        return
    yield f"{counted(done.events, 'event')} erased."
    for each in done.destinations:
        yield f"{each.destination}: {_fates(each)}."
    for each in done.destinations:
        if each.delivered:
            shown = ", ".join(each.delivered_event_ids[:SHOWN_IDS])
            more = each.delivered - min(SHOWN_IDS, len(each.delivered_event_ids))
            rest = f" and {more:,} more" if more else ""
            yield f"Only the platform of {each.destination} can delete there: {shown}{rest}"


def _fates(at: ForgottenAt) -> str:
    parts = {
        "waited and will not be sent": at.erased,
        "dead, never to be replayed": at.dead,
        "delivered before": at.delivered,
    }
    return ", ".join(f"{count:,} {fate}" for fate, count in parts.items() if count) or "had none"


def _part(field: str, value: str, region: str | None) -> Subject:
    """Return the person with one value."""
    named: dict[str, Any] = {field: value}
    subject, warnings = Subject.of(User(**named), region)
    option = f"--{field.replace('_', '-')}"
    if not subject.digests:
        reason = warnings[0].message.removeprefix("left out: ") if warnings else "blank"
        raise ConfigError(f"{option}: no event can be found by this value: {reason}")
    if field == "phone" and warnings:
        click.echo(
            f"{option}: a number without its country code is only found as it stands; give it as "
            "+1…, or name its --country",
            err=True,
        )
    return subject


def _union(parts: Iterable[Subject], field: str) -> frozenset[str]:
    return frozenset().union(*(asdict(part)[field] for part in parts))
