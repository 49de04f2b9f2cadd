"""What every destination keeps to, run over whatever discovery finds.

The dispatcher trusts these: a destination never raises, says the same twice, never delivers on an
answer that it does not understand, and lets nothing out that is not hashed. A new platform joins
by its folder and its line in `SETTINGS`.
"""

import json
import math
import re
from itertools import product
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.conversion import Conversion
from relay.delivery import (
    Answer,
    DeadReason,
    Destination,
    HttpResponse,
    PauseReason,
    Payload,
    Skip,
    SkipReason,
    Unusable,
)
from relay.destinations import discover
from relay.event import ActionSource, User
from relay.identity import Identity
from relay.identity.presence import FIELDS
from tests.given.event.builders import DIGEST as PERSON
from tests.given.event.builders import conversion
from tests.given.event.strategies import (
    conversions,
    hostile_amounts,
    identities,
    json_values,
    orders,
    responses,
    texts,
)

TOKEN = "pina_CANARYCANARYCANARYCANARYCANARY"
SETTINGS: dict[str, dict[str, Any]] = {
    "pinterest": {"ad_account_id": "549755885175"},
    "tiktok": {
        "pixel_code": "C4K6A3Q2NE1S77JXXXXX",
        "app_id": "7000000000000000001",
        "offline_event_set_id": "7000000000000000002",
        "crm_event_set_id": "7000000000000000003",
    },
}
DIGEST = re.compile(r"[0-9a-f]{64}")
ALWAYS_HASHED = {
    *("email", "phone", "external_id", "first_name", "last_name"),
    *("gender", "birth_date", "zip", "mobile_ad_id"),
}


def build(kind: str, **changes: Any) -> Destination:
    found = discover()[kind]
    return found.build("main", found.CONFIG(**{"token": TOKEN, **SETTINGS[kind], **changes}))


TYPES = sorted(discover())
every_destination = pytest.mark.parametrize(
    "destination", [build(kind, custom_events=True) for kind in TYPES], ids=TYPES
)
thorough = settings(max_examples=40)
unknown_objects = st.dictionaries(texts.map("x-{}".format), json_values, max_size=4)
gibberish = st.binary(max_size=200) | unknown_objects.map(lambda body: json.dumps(body).encode())
counts = st.integers(1, 6)


def test_discovery_finds_the_built_in_platforms_and_each_has_settings_here() -> None:
    assert {"pinterest", "tiktok"} <= SETTINGS.keys()
    assert set(TYPES) == SETTINGS.keys()


@every_destination
def test_what_a_destination_says_about_itself(destination: Destination) -> None:
    assert destination.name == "main"
    assert destination.type in TYPES
    assert destination.budget
    assert destination.test is False
    assert destination.identifier_keys.keys() <= set(msgspec.structs.asdict(User()))


@every_destination
def test_the_forms_of_identifiers_are_those_that_it_sends(destination: Destination) -> None:
    sent = set()
    for field, source in product(FIELDS, get_args(ActionSource)):
        value = "de-AT" if field == "locale" else PERSON
        alone = (value,) if isinstance(getattr(Identity(), field), tuple) else value
        identity = msgspec.structs.replace(Identity(), **{field: alone})
        event = msgspec.structs.replace(conversion(), action_source=source, identity=identity)
        if destination.identifiers(event):
            sent.add(field)
    assert set(destination.identifier_forms) == sent


@pytest.mark.parametrize("kind", TYPES)
def test_settings_lower_the_platforms_limits_and_never_raise_them(kind: str) -> None:
    published = build(kind, max_batch=10**9, rate=1e9).limits
    lowered = build(kind, max_batch=1, rate=0.5).limits
    assert (lowered.max_events, lowered.requests_per_s) == (1, 0.5)
    assert 1 <= build(kind).limits.max_events <= published.max_events <= 1000
    assert 0 < build(kind).limits.requests_per_s <= published.requests_per_s <= 2000
    assert published.max_bytes > 0
    assert published.deduplication_window_s > 0


@pytest.mark.parametrize("kind", TYPES)
def test_two_destinations_of_one_account_share_a_budget(kind: str) -> None:
    assert build(kind).budget == build(kind, rate=1.0).budget
    assert build(kind).budget != build(kind, base_url="http://127.0.0.1:9").budget


@every_destination
@thorough
@given(conversion=conversions(order=st.none() | orders(hostile_amounts)))
def test_an_event_becomes_json_or_a_reason(
    destination: Destination, conversion: Conversion
) -> None:
    prepared = destination.prepare(conversion)
    match prepared:
        case Payload(body, batch_key, event):
            assert isinstance(json.loads(body), dict)
            assert batch_key
            assert event
        case Skip(reason):
            assert reason in get_args(SkipReason)
        case Unusable(reason, path, message):
            assert reason in get_args(DeadReason)
            assert message
            assert path.split(".")[0] in {"", "user", "page", "app", "lead", "order"}
    assert destination.max_age_s(conversion) > 0


OTHER_ACCOUNT: dict[str, dict[str, Any]] = {
    "pinterest": {"ad_account_id": "549755885999"},
    "tiktok": {"pixel_code": "C4K6A3Q2NE1S77JYYYYY", "test_event_code": "TEST12345"},
}


@pytest.mark.parametrize("kind", TYPES)
@thorough
@given(conversion=conversions())
def test_destinations_of_one_mapping_make_the_same_payload(
    kind: str, conversion: Conversion
) -> None:
    """So it may be made once for all of them; what differs stands in the request."""
    one = build(kind)
    other = build(kind, **OTHER_ACCOUNT[kind], rate=1.0, base_url="http://127.0.0.1:9")
    assert one.mapping == other.mapping
    assert one.prepare(conversion) == other.prepare(conversion)


@pytest.mark.parametrize("kind", TYPES)
def test_settings_that_change_what_is_made_change_the_mapping(kind: str) -> None:
    assert build(kind).mapping != build(kind, custom_events=True).mapping
    assert len({build(kind).mapping for kind in TYPES}) == len(TYPES)


def test_a_tiktok_that_lacks_an_event_source_has_a_mapping_of_its_own() -> None:
    assert build("tiktok").mapping != build("tiktok", crm_event_set_id=None).mapping


@every_destination
@thorough
@given(conversion=conversions())
def test_the_same_event_is_the_same_bytes(destination: Destination, conversion: Conversion) -> None:
    """A retry after a restart, from the journal, must look like the first attempt."""
    stored = msgspec.msgpack.encode(conversion)
    restored = msgspec.msgpack.decode(stored, type=Conversion)
    assert destination.prepare(restored) == destination.prepare(conversion)


@every_destination
@thorough
@given(conversion=conversions())
def test_an_event_id_is_never_changed(destination: Destination, conversion: Conversion) -> None:
    prepared = destination.prepare(conversion)
    if isinstance(prepared, Payload):
        sent = json.loads(prepared.body)
        assert sent["event_id"] == conversion.event_id
        assert sent["event_time"] == conversion.event_time


@every_destination
@thorough
@given(identity=identities, conversion=conversions())
def test_what_must_be_hashed_is_hashed(
    destination: Destination, identity: Any, conversion: Conversion
) -> None:
    conversion = msgspec.structs.replace(conversion, identity=identity)
    sent = destination.identifiers(conversion)
    for field in ALWAYS_HASHED & destination.identifier_keys.keys():
        values = sent.get(destination.identifier_keys[field], ())
        for value in (values,) if isinstance(values, str) else values:
            assert DIGEST.fullmatch(value)


@every_destination
@thorough
@given(conversion=conversions())
def test_the_identifiers_are_those_of_the_payload(
    destination: Destination, conversion: Conversion
) -> None:
    """What `relay hash` shows and metrics count is what the platform gets."""
    prepared = destination.prepare(conversion)
    if isinstance(prepared, Payload):
        sent = set(strings_in(json.loads(prepared.body)))
        assert set(strings_in(dict(destination.identifiers(conversion)))) <= sent


@every_destination
@thorough
@given(conversions=st.lists(conversions(), min_size=1, max_size=5))
def test_a_request_carries_its_events_in_order_and_the_token_in_a_header_only(
    destination: Destination, conversions: list[Conversion]
) -> None:
    prepared = [destination.prepare(conversion) for conversion in conversions]
    payloads = [payload for payload in prepared if isinstance(payload, Payload)]
    payloads = [payload for payload in payloads if payload.batch_key == payloads[0].batch_key]
    if payloads:
        request = destination.request(payloads, TOKEN)
        assert json.loads(request.body)["data"] == [json.loads(part.body) for part in payloads]
        assert TOKEN in "".join(request.headers.values())
        assert TOKEN not in request.url + request.body.decode() + repr(request)
        assert {name.lower() for name in request.headers} >= {"content-type"}


@every_destination
def test_a_destination_does_not_keep_the_token(destination: Destination) -> None:
    assert TOKEN not in repr(destination) + str(vars(destination))


@every_destination
@thorough
@given(response=responses(gibberish | json_values.map(lambda body: json.dumps(body).encode())))
def test_an_answer_fits_its_request_and_says_what_to_do(
    destination: Destination, response: HttpResponse
) -> None:
    for count in (1, 2, 1000):
        check(destination.answer(response, count), count)


def check(answer: Answer, count: int) -> None:
    assert len(answer.verdicts) == (count if answer.kind == "settled" else 0)
    assert all(0 <= culprit < count for culprit in answer.culprits)
    assert answer.wait_s is None or 0 <= answer.wait_s < math.inf
    assert answer.pause is None or answer.pause in get_args(PauseReason)
    assert answer.pause is not None or answer.kind != "misconfigured"


@every_destination
@thorough
@given(response=responses(gibberish), count=counts)
def test_an_answer_that_nobody_understands_delivers_nothing(
    destination: Destination, response: HttpResponse, count: int
) -> None:
    answer = destination.answer(response, count)
    assert not [verdict for verdict in answer.verdicts if verdict.outcome == "delivered"]


@every_destination
def test_a_hostile_body_is_only_an_unreadable_one(destination: Destination) -> None:
    bodies = [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"code":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"code":' + b"9" * 10_000 + b"}",
        b'{"message":"\\ud800"}',
        b"\xef\xbb\xbf{}",
    ]
    answers = [destination.answer(HttpResponse(200, {}, body), 3) for body in bodies]
    assert {answer.kind for answer in answers} == {"transient"}


def strings_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings_in(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in strings_in(part)]
    return [value] if isinstance(value, str) else []
