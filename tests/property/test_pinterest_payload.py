"""Whatever an event holds, Pinterest gets hashed people and plain amounts, or nothing."""

import json
import re
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from relay.config import PinterestConfig
from relay.conversion import Conversion
from relay.delivery import Payload, Skip, Unusable
from relay.destinations.pinterest import Pinterest
from relay.destinations.pinterest.mapping import amount
from relay.destinations.pinterest.person import HASHED_KEYS, NEVER_SENT
from relay.identity import Identity
from tests.destinations.case import DESTINATIONS
from tests.destinations.openapi import validator
from tests.given.event.strategies import (
    conversions,
    digests,
    hostile_amounts,
    identities,
    orders,
    texts,
)

PINTEREST = Pinterest(
    "pinterest-main", PinterestConfig(ad_account_id="549755885175", custom_events=True)
)
SCHEMA = validator(DESTINATIONS / "pinterest" / "openapi-5.23.0.json", "ConversionEvents")
IP_AND_BROWSER = ("client_ip_address", "client_user_agent")
DIGEST = re.compile(r"[0-9a-f]{64}")
thorough = settings(max_examples=50)

impostors = (
    texts
    | digests.map(str.upper)
    | st.builds("{} {}".format, digests, digests)
    | st.builds(" {}".format, digests)
    | st.builds(str.__getitem__, digests, st.builds(slice, st.integers(1, 63)))
    | st.sampled_from(sorted(NEVER_SENT))
)
sets_of_anything = st.lists(digests | impostors, max_size=4).map(tuple)
people = st.builds(
    Identity,
    email_compact=sets_of_anything,
    phone_digits=sets_of_anything,
    external_id=sets_of_anything,
    first_name=st.none() | digests | impostors,
    zip_digits=st.none() | digests | impostors,
    mobile_ad_id_lower=st.none() | digests | impostors,
    ip=st.none() | st.just("203.0.113.7"),
    user_agent=st.none() | st.just("Mozilla/5.0"),
)


@thorough
@given(conversions(identity=people))
def test_what_is_hashed_is_a_digest_of_something(conversion: Conversion) -> None:
    user = user_data(conversion)
    for key in HASHED_KEYS:
        values = user.get(key, ["0" * 64])
        assert values, "an empty list is left out"
        assert all(DIGEST.fullmatch(value) and value not in NEVER_SENT for value in values)


@thorough
@given(conversions(identity=people))
def test_a_true_digest_is_never_lost_among_impostors(conversion: Conversion) -> None:
    given_ones = conversion.identity.email_compact
    true_ones = [value for value in given_ones if DIGEST.fullmatch(value)]
    true_ones = [value for value in true_ones if value not in NEVER_SENT]
    assert user_data(conversion).get("em", []) == true_ones


@thorough
@given(conversions(identity=people | identities))
def test_an_event_is_dead_exactly_if_pinterest_could_not_match_it(conversion: Conversion) -> None:
    prepared = PINTEREST.prepare(conversion)
    assume(not isinstance(prepared, Skip))
    person = PINTEREST.identifiers(conversion).keys()
    matchable = bool({"em", "hashed_maids"} & person) or {*IP_AND_BROWSER} <= person
    assert isinstance(prepared, Payload) == matchable
    assert isinstance(prepared, Unusable) != matchable


@thorough
@given(conversions(identity=people | identities, order=st.none() | orders(hostile_amounts)))
def test_every_payload_fits_pinterests_own_schema(conversion: Conversion) -> None:
    prepared = PINTEREST.prepare(conversion)
    assume(isinstance(prepared, Payload))
    assert isinstance(prepared, Payload)
    SCHEMA.validate({"data": [json.loads(prepared.body)]})


@thorough
@given(hostile_amounts)
def test_an_amount_is_short_plain_text_of_the_same_value(value: Decimal) -> None:
    text = amount(value)
    if text is not None:
        assert re.fullmatch(r"[0-9]{1,16}(\.[0-9]{1,13})?", text)
        assert abs(Decimal(text) - value) <= Decimal("1E-12")


@thorough
@given(hostile_amounts)
def test_an_amount_is_left_out_only_if_it_cannot_be_one(value: Decimal) -> None:
    readable = value.is_finite() and value >= 0 and (not value or value < 10**15)
    assume(value.is_finite() and (value or value.adjusted() < 15))
    assert (amount(value) is not None) == readable


def user_data(conversion: Conversion) -> dict[str, Any]:
    prepared = PINTEREST.prepare(conversion)
    assume(isinstance(prepared, Payload))
    assert isinstance(prepared, Payload)
    sent: dict[str, Any] = json.loads(prepared.body)["user_data"]
    return sent
