"""The JSON Schemas of the requests to each platform, with their events in `data`.

They come from the wire structs in the `payload` module of each built-in destination: `Event`, and
`Envelope` if a request contains more than its events. A new platform needs no change here.
"""

import importlib
from types import ModuleType
from typing import Any

from relay.config import json_schema
from relay.destinations import discover
from relay.schema.document import Json, changed, components, titled, without_null


def payload_schemas() -> dict[str, Json]:
    """Return the schema of a request for each type of destination."""
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
    return {**titled(f"payload.{kind}", f"Request to {kind}", request), "$defs": parts}


def _envelope(wire: ModuleType) -> Json:
    """Return the schema of what is beside `data`; for most platforms, nothing."""
    if not hasattr(wire, "Envelope"):
        return {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    found: Json = changed(components([wire.Envelope]), _as_sent)[wire.Envelope.__name__]
    return found


def _as_sent(schema: Json) -> Json:
    """Return a part as the encoder writes it: no key instead of null, amounts as numbers."""
    plain = without_null(schema)
    if plain.get("format") == "decimal":
        plain = {"type": "number"}
    if plain.get("type") == "object" and "properties" in plain:
        plain["additionalProperties"] = False
        plain.setdefault("required", [])
    return {key: part for key, part in plain.items() if key != "default"}


def _max_events(config: type) -> int:
    """Return the most events in a request, which is the largest allowed `max_batch`."""
    found: int = json_schema()["$defs"][config.__name__]["properties"]["max_batch"]["maximum"]
    return found
