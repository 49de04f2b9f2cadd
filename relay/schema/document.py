"""What all generated documents share: dialect, encoding, and small changes to msgspec's schemas.

Documents are JSON without a fixed shape, hence plain dictionaries. The same code always gives the
same bytes, so that a difference in a file is a difference in the contract.
"""

import json
from collections.abc import Callable, Sequence
from inspect import cleandoc
from typing import Any, Final

import msgspec

Json = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
LOCAL: Final = "#/$defs/{name}"


def encode(document: Json | Sequence[Json]) -> bytes:
    """Return the bytes of a document's file."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def titled(name: str, title: str, schema: Json) -> Json:
    """Return a schema as a separate document; the title replaces its own."""
    head = {"$schema": DIALECT, "$id": f"urn:conversion-relay:{name}:1", "title": title}
    return {**head, **schema, "title": title}


def components(types: Sequence[type], template: str = LOCAL) -> Json:
    """Return the schemas of structs, and of all structs inside them, by name."""
    _, found = msgspec.json.schema_components(types, ref_template=template)
    plain: Json = changed(found, _unindented)
    return plain


def schema_of(struct: type, name: str) -> Json:
    """Return the schema of a struct without structs inside, as a separate document."""
    return titled(name, struct.__name__, components([struct])[struct.__name__])


def changed(part: Any, change: Callable[[Json], Json]) -> Any:
    """Return a document with `change` applied to each of its objects, the innermost first."""
    if isinstance(part, list):
        return [changed(element, change) for element in part]
    if isinstance(part, dict):
        return change({key: changed(value, change) for key, value in part.items()})
    return part


def _unindented(schema: Json) -> Json:
    """Return a part without the indentation of its docstring, as Python itself does from 3.13 on.

    OpenAPI's descriptions are Markdown, in which indented text would be code.
    """
    text = schema.get("description")
    return {**schema, "description": cleandoc(text)} if isinstance(text, str) else schema


def without_null(schema: Json) -> Json:
    """Return a key's schema without null, which stands for an absent key."""
    kept = {key: part for key, part in schema.items() if (key, part) != ("default", None)}
    if {"type": "null"} not in kept.get("anyOf", ()):
        return kept
    others = [each for each in kept.pop("anyOf") if each != {"type": "null"}]
    return others[0] | kept if len(others) == 1 else kept | {"anyOf": others}
