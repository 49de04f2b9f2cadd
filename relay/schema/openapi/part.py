"""The parts of an OpenAPI document, named as in its specification.

Source: OpenAPI Specification 3.1.1 (https://spec.openapis.org/oas/v3.1.1.html, 2024-10-24).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from relay.schema.document import DIALECT, Json, changed, components

TEMPLATE: Final = "#/components/schemas/{name}"
JSON: Final = "application/json"
VERSION: Final = "1"
"""The version of the interface, as in its paths; it is not the relay's own version."""
TEXT: Final[Json] = {"type": "string"}
NON_EMPTY: Final[Json] = {"type": "string", "minLength": 1}
MOMENT: Final[Json] = {"type": "string", "format": "date-time"}


def document(
    title: str, description: str, *, paths: Json, parts: Json, tags: Sequence[str]
) -> Json:
    """Return a whole document; `parts` are its components."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": title,
            "version": VERSION,
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": DIALECT,
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": parts,
    }


def ref(struct: type) -> Json:
    """Return a reference to the schema of a struct."""
    return {"$ref": TEMPLATE.format(name=struct.__name__)}


def answers(structs: Sequence[type]) -> Json:
    """Return the schemas of the relay's answers, which never leave out a key."""
    found: Json = changed(components(structs, TEMPLATE), _whole)
    return found


def response(
    description: str,
    schema: Json,
    *,
    media_type: str = JSON,
    headers: Mapping[str, Json] | None = None,
    examples: Mapping[str, Any] | None = None,
) -> Json:
    """Return one answer with its body."""
    content: Json = {"schema": schema}
    if examples:
        content["examples"] = _examples(examples)
    found: Json = {"description": description}
    if headers:
        found["headers"] = dict(headers)
    return {**found, "content": {media_type: content}}


def header(description: str, schema: Json) -> Json:
    """Return a header that an answer always has."""
    return {"description": description, "required": True, "schema": schema}


RETRY_AFTER: Final = header(
    "Seconds to wait before the next request.", {"type": "integer", "minimum": 1}
)


def body(description: str, content: Mapping[str, tuple[Json, Mapping[str, Any]]]) -> Json:
    """Return the body of a request: a schema and examples for each media type."""
    return {
        "description": description,
        "required": True,
        "content": {
            media_type: {"schema": schema, "examples": _examples(examples)}
            for media_type, (schema, examples) in content.items()
        },
    }


def in_query(name: str, description: str, schema: Json) -> Json:
    """Return an optional parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def in_path(name: str, description: str, schema: Json) -> Json:
    """Return a parameter of the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }


def shared(names: Mapping[int, str]) -> Json:
    """Return references to answers that many operations share, by their status."""
    return {
        str(status): {"$ref": f"#/components/responses/{name}"} for status, name in names.items()
    }


def _examples(values: Mapping[str, Any]) -> Json:
    return {name: {"value": value} for name, value in values.items()}


def _whole(schema: Json) -> Json:
    """Return a part of an answer, in which every key is required and so needs no default."""
    found = {key: part for key, part in schema.items() if key != "default"}
    if "properties" in found:
        found["required"] = list(found["properties"])
    choices = found.get("anyOf", ())
    if choices and all("enum" in each for each in choices):
        del found["anyOf"]
        found["enum"] = [word for each in choices for word in each["enum"]]
    return found
