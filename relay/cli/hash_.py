"""`relay hash`: what each platform gets for a value, and why. It needs no running relay.

The rules are intake's own, and the forms come from the destinations themselves, so the result
cannot differ from what is sent. It shows the value only in forms that a platform gets in plain
text.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

import click
import msgspec
from rich.console import Group, RenderableType

from relay.cli.option import DEFAULT_FILE, config_option, country_of, json_option, value_of
from relay.cli.output import console, plain, print_json, table
from relay.config import PinterestConfig, TikTokConfig, load
from relay.config.build import nearest
from relay.conversion import Conversion
from relay.delivery import Destination
from relay.destinations import discover
from relay.errors import ConfigError
from relay.event import ActionSource
from relay.identity import Identity
from relay.identity.explain import RULES, Explanation, Kind, explain

SETTINGS: Final = {
    "pinterest": PinterestConfig(ad_account_id="0"),
    "tiktok": TikTokConfig(pixel_code="0"),
}
"""The least with which each type of destination can be built; nothing is sent from here."""

TITLES: Final = {"pinterest": "Pinterest", "tiktok": "TikTok"}
SOURCES: Final[Sequence[ActionSource]] = get_args(ActionSource)


class Sent(msgspec.Struct, frozen=True):
    """What a platform gets: `value` is None for nothing, `key` None if it has no such field."""

    key: str | None
    value: str | None


class Hashed(msgspec.Struct, frozen=True):
    """What is sent for one value, as `--json` prints it."""

    field: str
    value_kind: Kind
    sent: Mapping[str, Sent]
    note: str


Forms = Mapping[Sent, Sequence[ActionSource]]
"""The forms that one platform gets, each with the event sources with which it is sent."""


class Platform(msgspec.Struct, frozen=True):
    """One platform, and the forms of the value that it gets."""

    title: str
    destination: Destination
    forms: Forms

    def first(self, field: str) -> Sent:
        """Return the form for the likeliest event source; its `value` is None if there is none."""
        nothing = Sent(self.destination.identifier_keys.get(field), None)
        return next(iter(self.forms), nothing)


@click.command("hash", short_help="Show what is sent for a value, and why.")
@click.argument("field")
@click.argument("value")
@click.option("--country", metavar="CC", help="The country of the same person, such as US.")
@json_option
@config_option
def hash_(
    field: str, value: str, country: str | None, config_file: Path | None, *, as_json: bool
) -> None:
    """Show what each platform gets for VALUE in FIELD of a user, such as `email`, and why.

    With - as VALUE it is read from stdin, so that it stays out of the shell's history.
    """
    name = known_field(field)
    text = value_of(value)
    explained = explain(name, text, country_of(country), _default_country(config_file))
    platforms = [
        Platform(TITLES[kind], each, forms_of(each, explained.identity, sources_of(name, text)))
        for kind, each in destinations().items()
    ]
    if as_json:
        print_json(msgspec.json.encode(hashed(name, explained, platforms)))
    else:
        console().print(page(name, explained, platforms))


def known_field(field: str) -> str:
    """Return the name of a field without `user.`. Raises `ConfigError` for an unknown one."""
    name = field.strip().removeprefix("user.")
    if name in RULES:
        return name
    near = nearest(name.lower(), RULES)
    hint = f"did you mean {near}?" if near else f"use one of {', '.join(RULES)}"
    raise ConfigError(f"a user has no such field; {hint}")


def destinations() -> Mapping[str, Destination]:
    """Return one destination of each type, by type."""
    return {kind: found.build(kind, SETTINGS[kind]) for kind, found in discover().items()}


def sources_of(field: str, text: str) -> Sequence[ActionSource]:
    """Return the event sources, the likeliest for this value first.

    Apple's devices write their advertising id in capitals, Google's in lower case.
    """
    is_apples = field == "mobile_ad_id" and text.isupper()
    return sorted(SOURCES, key=lambda source: source != "app_ios") if is_apples else SOURCES


def forms_of(
    destination: Destination, identity: Identity, sources: Sequence[ActionSource]
) -> Forms:
    """Return the forms that a platform gets for an identity with only one field."""
    forms: dict[Sent, list[ActionSource]] = {}
    for source in sources:
        conversion = Conversion("purchase", "hash", 0, 0, source, identity)
        for key, found in destination.identifiers(conversion).items():
            for value in [found] if isinstance(found, str) else found:
                forms.setdefault(Sent(key, value), []).append(source)
    return forms


def hashed(field: str, explained: Explanation, platforms: Sequence[Platform]) -> Hashed:
    """Return the explanation as an object; a platform's further forms are in its note."""
    note = explained.note
    for each in platforms:
        for other in list(each.forms)[1:]:
            events = ", ".join(each.forms[other])
            note += f" {each.title} gets it from {events} events as {other.key}: {other.value}."
    sent = {each.destination.type: each.first(field) for each in platforms}
    return Hashed(field, explained.kind, sent, note)


def page(field: str, explained: Explanation, platforms: Sequence[Platform]) -> RenderableType:
    """Return the explanation as people read it."""
    rows = table("Platform", "Key", "What is sent", "With events of")
    for each in platforms:
        for form, sources in each.forms.items():
            where = "any source" if len(sources) == len(SOURCES) else ", ".join(sources)
            rows.add_row(each.title, form.key, plain(form.value or ""), where)
        if not each.forms:
            key = each.first(field).key
            rows.add_row(
                each.title, key or "-", "nothing" if key else "nothing: it has no such field"
            )
    kind = "a raw value" if explained.kind == "raw" else "SHA-256 already"
    return Group(f"{field}: {kind}", "", rows, "", plain(explained.note))


def _default_country(config_file: Path | None) -> str | None:
    """Return the country that the configuration sets, if there is one."""
    if config_file is None and not DEFAULT_FILE.exists():
        return None
    return load(config_file or DEFAULT_FILE, os.environ).intake.default_country
