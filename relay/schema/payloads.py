"""The JSON Schemas of what each platform is sent: one request, its events in `data`.

They come from the wire structs of each built-in destination, `Event` and, where a request says more
than its events, `Envelope` in its `payload` module. A new platform needs nothing here.
"""

import importlib
from types import ModuleType
from typing import Any

from relay.config import json_schema
from relay.destinations import discover
from relay.schema.document import Json, changed, components, head, without_null


def payload_schemas() -> dict[str, Json]:
    """Return the schema of a request by the type of destination."""
    return {kind: _request_schema(kind, found) for kind, found in discover().items()}


def _request_schema(kind: str, destination: Any) -> Json:
    wire = importlib.import_module(f"{destination.__name__}.payload")
    parts = changed(components([wire.Event]), _as_sent)
    data = {
        "type": "array",
        "items": {"$ref": f"#/$defs/{wire.Event.__name__}"},
        "minItems": 1,
        "maxItems": _max_events(destination.CONFIG),
    }
    request = _envelope(wire)
    request["properties"]["data"] = data
    request["required"].append("data")
    return {**head(f"payload.{kind}", f"Request to {kind}"), **request, "$defs": parts}


def _envelope(wire: ModuleType) -> Json:
    """Return what stands beside `data`; nothing at most platforms."""
    if not hasattr(wire, "Envelope"):
        return {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    found: Json = changed(components([wire.Envelope]), _as_sent)[wire.Envelope.__name__]
    return {key: part for key, part in found.items() if key != "title"}


def _as_sent(schema: Json) -> Json:
    """Return a part as the encoder writes it: absent instead of null, amounts as numbers."""
    plain = without_null(schema)
    if plain.get("format") == "decimal":
        plain = {"type": "number"}
    if plain.get("type") == "object" and "properties" in plain:
        plain["additionalProperties"] = False
        plain.setdefault("required", [])
    return {key: part for key, part in plain.items() if key != "default"}


def _max_events(config: type) -> int:
    """Return how many events the platform takes, by the largest value of `max_batch`."""
    found: int = json_schema()["$defs"][config.__name__]["properties"]["max_batch"]["maximum"]
    return found
