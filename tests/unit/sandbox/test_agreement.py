"""Two readings of the platforms' documents check one another.

The relay's destinations and the emulator were written apart. What a destination sends, the emulator
takes; and a destination believes no more of an answer than what the emulator means by it. The shape
of a request to Pinterest is held against Pinterest's own schema besides.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given, settings

from relay.conversion import Conversion
from relay.delivery import Destination, HttpRequest, HttpResponse, Payload
from relay.destinations import discover
from relay.sandbox.answer import Fate
from relay.sandbox.catalogue import ANSWERS
from relay.sandbox.credential import Gate
from relay.sandbox.exchange import Exchange
from relay.sandbox.pinterest.schema import Event
from relay.sandbox.platform import Call
from relay.sandbox.scripts import parse
from relay.sandbox.style import Style
from tests.given.event import strategies
from tests.given.event.builders import conversion
from tests.unit.sandbox.sender import ACCOUNT, PIXEL, Clock, pinterest_event

OPENAPI = Path(__file__).parents[2] / "destinations/pinterest/openapi-5.23.0.json"
SETTINGS: dict[str, dict[str, str]] = {
    "pinterest": {"ad_account_id": ACCOUNT},
    "tiktok": {
        "pixel_code": PIXEL,
        "app_id": "7000000000000000001",
        "offline_event_set_id": "7000000000000000002",
        "crm_event_set_id": "7000000000000000003",
    },
}
NOW_S = strategies.NOW_S
STYLES = [
    Style(),
    Style(pinterest_mixed=422, pinterest_place="top", tiktok_index="batch"),
    Style(pinterest_mixed=422, pinterest_blank="null", tiktok_index="none"),
    Style(pinterest_failed=200, pinterest_blank="absent"),
]
BELIEVED: dict[Fate, str] = {"accepted": "delivered", "refused": "invalid"}


def build(kind: str) -> Destination:
    found = discover()[kind]
    settings = {"token": "env:TOKEN", "custom_events": True, **SETTINGS[kind]}
    return found.build("main", found.CONFIG(**settings))


PLATFORMS = sorted(SETTINGS)
both_platforms = pytest.mark.parametrize("kind", PLATFORMS)
all_styles = pytest.mark.parametrize("style", STYLES)


@both_platforms
def test_the_emulator_takes_what_a_destination_sends(kind: str) -> None:
    """Over any event that intake could let through and that is young enough to be sent."""
    destination = build(kind)

    @settings(max_examples=300)
    @given(strategies.conversions())
    def check(event: Conversion) -> None:
        prepared = destination.prepare(event)
        if not isinstance(prepared, Payload) or is_too_old(destination, event):
            return
        exchange = emulator()
        response = sent(exchange, destination, [prepared])
        seen = exchange.inbox.events[-1]
        assert (seen.verdict, seen.path) == ("accepted", ""), response.body
        answer = destination.answer(response, 1)
        assert answer.kind == "settled"
        assert [verdict.outcome for verdict in answer.verdicts] == ["delivered"]

    check()


@both_platforms
@all_styles
def test_a_destination_reads_each_style_of_a_refusal(kind: str, style: Style) -> None:
    """One bad event in four is found, or the batch is halved; the others are never lost."""
    destination = build(kind)
    exchange = emulator(style)
    exchange.run_scenario("poison")
    payloads = [prepared(destination, event_id) for event_id in ("a", "b", "poison", "c")]
    answer = destination.answer(sent(exchange, destination, payloads), 4)
    if kind == "pinterest":
        outcomes = [verdict.outcome for verdict in answer.verdicts]
        assert outcomes == ["delivered", "delivered", "invalid", "delivered"]
    else:
        assert answer.kind == "refused"
        assert list(answer.culprits) == ([] if style.tiktok_index == "none" else [2])


@both_platforms
def test_a_destination_believes_no_more_than_an_answer_says(kind: str) -> None:
    """Never delivered unless the platform took it; never dead unless it was refused for itself."""
    destination = build(kind)
    exchange = emulator()
    payloads = [prepared(destination, event_id) for event_id in ("a", "b", "c")]
    for name in (name for name in ANSWERS if name.startswith(kind)):
        exchange.run_script(parse(msgspec.json.encode([{"action": {"answer": name}}])))
        answer = destination.answer(sent(exchange, destination, payloads), 3)
        fates = [event.verdict for event in list(exchange.inbox.events)[-3:]]
        meant = [BELIEVED.get(fate) for fate in fates]
        outcomes = [verdict.outcome for verdict in answer.verdicts]
        if set(fates) == {"accepted"}:
            assert outcomes == ["delivered"] * 3, name
        for outcome, means in zip(outcomes, meant, strict=bool(outcomes)):
            assert outcome in {means, "transient"}, name


def test_the_emulator_knows_every_key_of_pinterests_schema_and_no_other() -> None:
    """Types, keys, nulls, bounds and enumerations, taken one at a time from the schema itself."""
    for key, schema in properties("ConversionEvents/properties/data/items"):
        check_values({}, key, schema)
    parts = {
        "custom_data": "ConversionEvents/properties/data/items/properties/custom_data",
        "app_info": "ConversionEventAppInfo",
        "device_info": "ConversionEventDeviceInfo",
        "user_data": "ConversionEventsUserDataProperties",
    }
    for part, place in parts.items():
        for key, schema in properties(place):
            check_values({"part": part}, key, schema)


def check_values(where: dict[str, str], key: str, schema: dict[str, Any]) -> None:
    """Check that a key takes what its schema takes, and nothing else."""
    if "$ref" in schema or schema["type"] == "object":
        return
    allowed, refused = samples(schema)
    for value, is_allowed in [(value, True) for value in allowed] + [(v, False) for v in refused]:
        assert fits(where, key, value) == is_allowed, (where, key, value)


def samples(schema: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return values that a schema takes, and values that it refuses."""
    if "enum" in schema:
        return schema["enum"], ["none of these", 1]
    match schema["type"]:
        case "string":
            longest = schema.get("maxLength", 50)
            allowed, refused = ["", "x" * longest], [1, [], True]
            refused += ["x" * (longest + 1)] if "maxLength" in schema else []
        case "integer":
            allowed, refused = [schema.get("minimum", -1), schema.get("maximum", 7)], ["1", 1.5]
            refused += [schema["minimum"] - 1] if "minimum" in schema else []
            refused += [schema["maximum"] + 1] if "maximum" in schema else []
        case "boolean":
            allowed, refused = [True, False], ["true", 1]
        case _:
            allowed, refused = [[]], ["x", {}, [1]]
    (allowed if schema.get("nullable") else refused).append(None)
    return allowed, refused


def fits(where: dict[str, str], key: str, value: Any) -> bool:
    """Return whether the emulator takes the shape of an event with this value."""
    event = pinterest_event()
    part = event.setdefault(where["part"], {}) if where else event
    part[key] = value
    try:
        msgspec.json.decode(json.dumps(event), type=Event)
    except msgspec.ValidationError:
        return False
    return True


def properties(place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    schema = json.loads(OPENAPI.read_text())["components"]["schemas"]
    for step in place.split("/"):
        schema = schema[step]
    yield from schema["properties"].items()


def emulator(style: Style | None = None) -> Exchange:
    return Exchange(
        gate=Gate(), style=style or Style(), clock=Clock(NOW_S + 60), dice=random.Random(1)
    )


def prepared(destination: Destination, event_id: str) -> Payload:
    payload = destination.prepare(conversion(event_id, event_time=NOW_S))
    assert isinstance(payload, Payload)
    return payload


def sent(exchange: Exchange, destination: Destination, payloads: list[Payload]) -> HttpResponse:
    """Return the emulator's answer to the destination's own request."""
    request = destination.request(payloads, "pina_token")
    reply = exchange.handle("pinterest" if is_pinterest(request) else "tiktok", call(request)).reply
    headers = {name.lower(): value for name, value in reply.headers.items()}
    return HttpResponse(reply.status, headers, reply.body)


def call(request: HttpRequest) -> Call:
    address = urlsplit(request.url)
    return Call(
        account=address.path.split("/")[3] if is_pinterest(request) else "",
        token=request.headers.get("Authorization", request.headers.get("Access-Token")),
        query={name: values[0] for name, values in parse_qs(address.query).items()},
        content_type=request.headers["Content-Type"],
        content_encoding="",
        body=request.body,
    )


def is_pinterest(request: HttpRequest) -> bool:
    return "/v5/ad_accounts/" in request.url


def is_too_old(destination: Destination, event: Conversion) -> bool:
    return NOW_S + 60 - event.event_time > destination.max_age_s(event)
