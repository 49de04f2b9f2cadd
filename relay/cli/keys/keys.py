"""`relay keys`: who may post events. Needs no running relay; one sees changes within a second."""

import time
from pathlib import Path
from typing import Final

import click
import msgspec
from msgspec.structs import replace

from relay.cli.keys.change import fresh_key, matching, refuse_taken, with_key
from relay.cli.keys.limit import (
    MOST_USES,
    destinations_of,
    duration_s,
    lifetime_s,
    name_of,
    rate_per_s,
    scopes_of,
)
from relay.cli.keys.table import COLUMNS, known_uses, listed_key, row
from relay.cli.option import available_config, config_option, json_option
from relay.cli.output import console, print_json, table
from relay.cli.running.client import actor
from relay.config import Config
from relay.keys import store
from relay.keys.record import Key, KeyFile, Limits
from relay.keys.token import Token, new_token
from relay.outcome.acting.audit import AUTHOR, Action, Author, Trail
from relay.outcome.views.api import KeyList

OVERLAP: Final = "24h"


class Created(msgspec.Struct, frozen=True):
    """A new key in each form in which it is used; shown once."""

    name: str
    key: str
    secret: str
    token: str


@click.group(short_help="Create, list, rotate and revoke producer keys.")
def keys() -> None:
    """Create, list, rotate and revoke the API keys of producers.

    While there is no key, the relay asks for none on loopback, and does not start elsewhere.
    """


@keys.command()
@click.argument("name")
@click.option(
    "--scopes",
    default="events:write",
    show_default=True,
    help="events:write, events:read; comma-separated.",
)
@click.option(
    "--max-uses", type=click.IntRange(1, MOST_USES), help="Accepted requests at most, ever."
)
@click.option("--rate", metavar="N/s", help="Requests per second, such as 100/s.")
@click.option("--expires", metavar="DURATION", help="How long it is valid, such as 90d.")
@click.option("--destinations", help="The only destinations its events may reach, comma-separated.")
@json_option
@config_option
def create(
    name: str,
    *,
    scopes: str,
    max_uses: int | None,
    rate: str | None,
    expires: str | None,
    destinations: str | None,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Create a key called NAME, and show it once."""
    config, name = available_config(config_file), name_of(name)
    limits = Limits(
        scopes=scopes_of(scopes),
        max_uses=max_uses,
        rate_per_s=None if rate is None else rate_per_s(rate),
        destinations=None if destinations is None else destinations_of(destinations, config),
    )
    token, now_s = new_token(), int(time.time())
    expires_at = None if expires is None else now_s + lifetime_s(expires)

    def add(found: KeyFile) -> KeyFile:
        refuse_taken(found, name, now_s)
        fresh = fresh_key(found, token, name=name, limits=limits, now_s=now_s)
        return with_key(found, replace(fresh, expires_at=expires_at))

    store.change(config.keys_path, add)
    _audit(config, "key_create", name)
    _show_once(name, token, as_json=as_json)


@keys.command("list")
@json_option
@config_option
def list_(config_file: Path | None, *, as_json: bool) -> None:
    """List the keys, without their secrets, which are not kept.

    Uses are known while the relay runs; otherwise a hyphen stands in their place. A key and the
    one that it replaces by `rotate` are counted as one.
    """
    config, now_s = available_config(config_file), time.time()
    found, known = store.read(config.keys_path), known_uses(config)
    listed = [listed_key(key, known, now_s) for key in (found.keys if found else ())]
    if as_json:
        print_json(msgspec.json.encode(KeyList(listed)))
        return
    rows = table(*COLUMNS)
    for each in listed:
        rows.add_row(*row(each))
    if listed:
        console().print(rows)
    else:
        click.echo("There is no key: on loopback the relay asks for none, elsewhere it needs one.")


@keys.command(short_help="Revoke a key permanently.")
@click.argument("name")
@config_option
def revoke(name: str, config_file: Path | None) -> None:
    """Revoke the key NAME, or the one with this public half, permanently."""
    config, now_s = available_config(config_file), int(time.time())
    ended: list[Key] = []

    def end(found: KeyFile) -> KeyFile:
        ended.extend(matching(found, name, now_s))
        kept = [replace(key, revoked_at=now_s) if key in ended else key for key in found.keys]
        return replace(found, keys=kept)

    store.change(config.keys_path, end)
    _audit(config, "key_revoke", name)
    click.echo(f"{name} is revoked ({', '.join(key.key for key in ended)}).")


@keys.command(short_help="Replace a key by a new one.")
@click.argument("name")
@click.option("--overlap", default=OVERLAP, show_default=True, help="How long the old one stays.")
@json_option
@config_option
def rotate(name: str, overlap: str, config_file: Path | None, *, as_json: bool) -> None:
    """Create a new key in place of NAME; both are valid until the overlap ends."""
    config, token, now_s = available_config(config_file), new_token(), int(time.time())
    ends_at = now_s + int(duration_s("--overlap", overlap))

    def turn(found: KeyFile) -> KeyFile:
        old = matching(found, name, now_s)
        *_, last = matching(found, old[-1].name, now_s)  # an earlier one ends with its overlap
        kept = [
            replace(key, expires_at=min(ends_at, key.expires_at or ends_at)) if key in old else key
            for key in found.keys
        ]
        fresh = fresh_key(found, token, name=last.name, limits=last.limits, now_s=now_s)
        fresh = replace(fresh, expires_at=last.expires_at, uses_of=last.uses_of)
        return with_key(replace(found, keys=kept), fresh)

    fresh = store.change(config.keys_path, turn).keys[-1]
    _audit(config, "key_rotate", fresh.name)
    _show_once(fresh.name, token, as_json=as_json)


def _audit(config: Config, action: Action, name: str) -> None:
    AUTHOR.set(Author(actor(), "command line"))
    Trail.beside(config.journal.path, time.time).record(action, name)


def _show_once(name: str, token: Token, *, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.json.encode(Created(name, token.key, token.secret, str(token))))
        return
    click.echo(f"The key {name}, shown this once; it works within a second:\n")
    click.echo(f"  Authorization: Bearer {token}\n\nor, as a pair of headers:\n")
    click.echo(f"  relay-api-key: {token.key}\n  relay-api-secret: {token.secret}")
