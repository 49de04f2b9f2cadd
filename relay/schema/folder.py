"""The folder of schemas: `write` generates it, `drift` reports how it differs from the code."""

from pathlib import Path
from typing import Final

import msgspec

from relay.outcome.published import Outcome
from relay.outcome.watch.notice import Notice
from relay.schema.config import config_schema
from relay.schema.document import encode, schema_of
from relay.schema.event import event_schema
from relay.schema.examples import example_files
from relay.schema.openapi import admin_document, producers_document
from relay.schema.payloads import payload_schemas
from relay.schema.reasons import reasons

README: Final = """\
# Schemas

What the relay takes, answers, is configured with and sends, written by `make schemas` from the
structs in `relay/`; edit those, never these files. `event.schema.json` is the event that producers
post; `examples/` holds events that pass and events that do not, and its `manifest.json` tells their
errors. `config.schema.json` is `relay.toml`: an editor with TOML support finds it by a first line
`#:schema schemas/config.schema.json`. `openapi.producers.json` and `openapi.admin.json` describe
the two ports, `payload.*.schema.json` what each platform is sent, `notice.schema.json` what the
webhook for people gets, `outcome.schema.json` a record of the topic `relay.outcomes`, and
`reasons.json` every state, reason and error code with its meaning and what to do.
"""


class _Example(msgspec.Struct):
    file: str


class _Manifest(msgspec.Struct):
    """The examples that `examples/manifest.json` lists."""

    valid: list[_Example] = []
    invalid: list[_Example] = []


def documents() -> dict[Path, bytes]:
    """Return the content of each file by its path below the folder."""
    schemas = {
        "event.schema.json": event_schema(),
        "config.schema.json": config_schema(),
        "notice.schema.json": schema_of(Notice, "notice"),
        "outcome.schema.json": schema_of(Outcome, "outcome"),
    }
    payloads = {f"payload.{kind}.schema.json": each for kind, each in payload_schemas().items()}
    examples = {f"examples/{name}": each for name, each in example_files().items()}
    found = {
        Path(name): encode(each)
        for name, each in {**schemas, **payloads, **examples, "reasons.json": reasons()}.items()
    }
    return found | {
        Path("openapi.producers.json"): producers_document(),
        Path("openapi.admin.json"): admin_document(),
        Path("README.md"): README.encode(),
    }


def write(directory: Path) -> list[Path]:
    """Write every file that differs, and remove obsolete examples; return the changed paths."""
    touched = []
    leftovers = _leftovers(directory)
    for path, content in documents().items():
        file = directory / path
        if _content(file) != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            touched.append(file)
    for file in leftovers:
        file.unlink()
        touched.append(file)
    return touched


def drift(directory: Path) -> list[str]:
    """Return a line for each file that differs from what the code generates."""
    lines = []
    for path, content in documents().items():
        found = _content(directory / path)
        if found != content:
            lines.append(f"{directory / path} {'is missing' if found is None else 'differs'}")
    return lines + [f"{file} is no schema of the relay any more" for file in _leftovers(directory)]


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _leftovers(directory: Path) -> list[Path]:
    """Return the examples that an earlier version wrote; other files there are not the relay's."""
    folder = directory / "examples"
    try:
        earlier = msgspec.json.decode(_content(folder / "manifest.json") or b"{}", type=_Manifest)
    except (ValueError, RecursionError):
        return []
    known = {directory / path for path in documents()}
    listed = {folder / each.file for each in (*earlier.valid, *earlier.invalid)}
    return sorted(file for file in folder.glob("*/*.json") if file in listed - known)
