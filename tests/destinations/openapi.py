"""A schema of an OpenAPI 3.0 description as JSON Schema, to check what is sent against it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema


@cache
def validator(document: Path, name: str) -> jsonschema.Draft202012Validator:
    """Return what validates `#/components/schemas/{name}` of the description in `document`.

    Stricter than OpenAPI 3.0 in one point: keywords beside a `$ref` count, as they do at the
    platforms' servers, though generated clients pass over them.
    """
    components = with_null(json.loads(document.read_text()))["components"]
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": components}
    )


def with_null(part: Any) -> Any:
    """Return OpenAPI 3.0's `nullable` as one type more."""
    if isinstance(part, list):
        return [with_null(element) for element in part]
    if not isinstance(part, dict):
        return part
    plain = {key: with_null(value) for key, value in part.items() if key != "nullable"}
    return plain | {"type": [plain["type"], "null"]} if part.get("nullable") is True else plain
