"""Shows the configuration to people and tools: the values in force, and the schema."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from relay.config.model import Config
from relay.config.secret import SecretRef, read_secret
from relay.config.shape import Leaf, shape, tables, toml
from relay.config.webhook import Webhook
from relay.errors import ConfigError


def describe(config: Config, environ: Mapping[str, str]) -> list[str]:
    """Return the values in force, one `path = value` per line, always in the same order.

    A secret is shown by its place and whether it is set, never by its value.
    """
    return [f"{path} = {_shown(path, value, environ)}" for path, value in _values(config, "")]


def _values(struct: msgspec.Struct, path: str) -> Iterator[tuple[str, object]]:
    """Yield the path and value of every key that has a value."""
    if tag := struct.__struct_config__.tag:
        yield f"{path}type", tag
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _values(value, f"{path}{field.name}.")
        elif isinstance(value, dict):
            for name in sorted(value):
                yield from _values(value[name], f"{path}{field.name}.{name}.")
        elif value is not None:
            yield f"{path}{field.name}", value


def _shown(path: str, value: object, environ: Mapping[str, str]) -> str:
    if isinstance(value, Webhook) and value.ref is not None:
        value = value.ref
    if not isinstance(value, SecretRef):
        return toml(value)
    try:
        found = read_secret(value, environ, is_token=path.endswith(".token"))
    except ConfigError:
        return f"{toml(value)} (unusable)"
    return f"{toml(value)} ({'set' if found else 'not set'})"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `relay.toml`, taken as JSON."""
    schema = msgspec.json.schema(Config, schema_hook=_type_schema)
    for table in tables(shape()):
        properties = schema["$defs"][table.struct.__name__]["properties"]
        for name, node in table.fields.items():
            if isinstance(node, Leaf) and not node.required:
                properties[name].setdefault("default", str(node.default))
    return schema


def _type_schema(kind: type) -> dict[str, object]:
    pattern = getattr(kind, "PATTERN", "^.+$")
    return {"type": "string", "pattern": pattern}
