"""The JSON Schema of an event, as producers post it.

It contains what a schema can express: keys, types, bounds, and the rules between keys. An event
that passes is still refused if its time is in the future, its currency is not an ISO 4217 code, or
none of its identifiers is usable. The aliases of the standard names are listed, not enforced: any
other name is a custom event.
"""

from collections.abc import Iterable
from typing import Final

from relay.event import APP_SOURCES, InboundEvent
from relay.event_name import ALIASES
from relay.schema.document import LOCAL, Json, changed, components, titled
from relay.schema.examples import VALID

IDENTIFIERS: Final = (
    *("email", "phone", "external_id", "first_name", "last_name", "mobile_ad_id"),
    *("ip", "epik", "ttclid", "ttp"),
)
"""The keys of `user` of which at least one is needed, as in `relay.identity.has_identifier`."""


def event_schema() -> Json:
    """Return the schema as a separate document."""
    parts = event_components()
    event = parts.pop(InboundEvent.__name__)
    return {
        **titled("event", "Conversion event", event),
        "examples": list(VALID.values()),
        "$defs": parts,
    }


def event_components(template: str = LOCAL) -> Json:
    """Return the schemas of an event and of its parts, by name."""
    parts: Json = changed(components([InboundEvent], template), _with_numbers)
    event = parts[InboundEvent.__name__]
    event["properties"]["event"] |= {
        "examples": list(ALIASES),
        "x-aliases": {name: list(aliases) for name, aliases in ALIASES.items()},
    }
    event["allOf"] = [_CURRENCY_RULE, _APP_RULE, _LEAD_RULE]
    parts["User"]["anyOf"] = [_given(name) for name in IDENTIFIERS]
    return parts


def _with_numbers(schema: Json) -> Json:
    """Return the schema of an amount (a text or a number) with one list of types."""
    if schema.get("format") != "decimal":
        return schema
    kept = {key: part for key, part in schema.items() if key not in {"anyOf", "format"}}
    return {**kept, "type": ["number", "string"], "format": "decimal"}


def _given(name: str) -> Json:
    """Return the schema of an object that has this key; null counts as absent."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


_PURCHASES: Final = ["purchase", *ALIASES["purchase"]]
_CURRENCY_RULE: Final[Json] = {
    "if": {
        "required": ["event", "order"],
        "properties": {
            "event": {"enum": _PURCHASES},
            "order": {"type": "object", **_given("value")},
        },
    },
    "then": {"properties": {"order": _given("currency")}},
}


def _source_rule(action_sources: Iterable[str], needed: Json) -> Json:
    """Return the rule that events of these sources need what `needed` describes."""
    sources = {"properties": {"action_source": {"enum": sorted(action_sources)}}}
    return {"if": {**sources, "required": ["action_source"]}, "then": needed}


_LEAD_ID: Final = {"required": ["lead"], "properties": {"lead": {"type": "object", **_given("id")}}}
_APP_RULE: Final = _source_rule(APP_SOURCES, _given("app"))
_LEAD_RULE: Final = _source_rule(["crm"], _LEAD_ID)
