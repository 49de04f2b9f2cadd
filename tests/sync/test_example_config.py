"""`deploy/relay.example.toml` shows every key, as the structs describe it."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from relay.config import json_schema, load, parse
from relay.config.destination import StandardName
from relay.event_name import STANDARD_NAMES
from tests.given.config.known_key import KnownKey, known_keys

EXAMPLE = Path(__file__).parents[2] / "deploy" / "relay.example.toml"
KINDS = {"pinterest-main": "pinterest", "tiktok-main": "tiktok", "lamp-shop": ""}


def uncommented() -> str:
    """Return the example with every key and table in force; prose keeps its `# `."""
    return re.sub(r"^#(?=[a-z\[])", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def shown() -> dict[tuple[str, str], tuple[str, str]]:
    """Return (path, kind) → (comment, line) of every key in the file."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    table, comment = "", ""
    for line in uncommented().splitlines():
        if line.startswith("["):
            table = line.strip("[]")
        elif key := re.match(r"[a-z_]+(?= = )", line):
            *above, name = table.split(".")
            kind = KINDS.get(name, "")
            path = ".".join([*above, "NAME"]) if name in KINDS else table
            found[f"{path}.{key.group()}", kind] = comment, line
        comment = line.removeprefix("# ")
    return found


def identity(key: KnownKey) -> str:
    return f"{key.path} {key.kind}".strip()


def test_the_example_loads_as_it_stands() -> None:
    config = load(EXAMPLE, {})

    assert sorted(config.destinations) == ["pinterest-main", "tiktok-main"]


def test_every_key_can_be_in_force_at_once() -> None:
    text = uncommented().replace('"PLAINTEXT"', '"SASL_SSL"')

    config = parse(text, {}, origin="relay.example.toml")

    assert config.kafka is not None
    assert list(config.sources.shopify) == ["lamp-shop"]


@pytest.mark.parametrize("key", known_keys(), ids=identity)
def test_a_key_is_shown_with_its_default_and_its_description(key: KnownKey) -> None:
    comment, line = shown()[key.path, key.kind]

    assert comment == key.description
    if key.default is not None and key.default != "[]":
        assert line == f"{key.path.rpartition('.')[2]} = {key.default}"


def test_nothing_is_shown_that_is_no_key() -> None:
    assert set(shown()) == {(key.path, key.kind) for key in known_keys()}


def test_the_schema_accepts_the_example_and_refuses_an_unknown_key() -> None:
    document: dict[str, Any] = tomllib.loads(uncommented())
    checker = jsonschema.Draft202012Validator(json_schema())

    assert list(checker.iter_errors(document)) == []
    document["server"]["lisen"] = "127.0.0.1:1"
    assert len(list(checker.iter_errors(document))) == 1


def test_the_allow_list_takes_the_standard_names() -> None:
    assert set(get_args(StandardName)) == STANDARD_NAMES
