"""Which identifiers an identity carries."""

import pytest
from msgspec.structs import replace

from relay.identity import Identity
from relay.identity.presence import FIELDS, presence_of
from relay.metrics import FORMS, identifiers_in
from tests.given.event.builders import DIGEST


def carried(identity: Identity) -> set[str]:
    return identifiers_in(presence_of(identity))


def test_nothing_is_there_unless_something_is() -> None:
    assert carried(Identity()) == set()


@pytest.mark.parametrize(("field", "identifier"), list(zip(FIELDS, FORMS, strict=True)))
def test_each_identifier_is_seen_in_any_of_its_forms(field: str, identifier: str) -> None:
    value = (DIGEST,) if isinstance(getattr(Identity(), field), tuple) else "value"
    assert field.startswith(identifier)
    assert carried(replace(Identity(), **{field: value})) == {identifier}


def test_identifiers_are_seen_beside_each_other_and_what_is_none_is_not() -> None:
    identity = Identity(
        email_compact=(DIGEST,),
        email_trimmed=(DIGEST,),
        city=DIGEST,
        city_plain="berlin",
        mobile_ad_id_lower=DIGEST,
        mobile_ad_id_upper=DIGEST,
        ttp="cookie",
        att_status="DENIED",
        customer_type="new",
    )
    assert carried(identity) == {"email", "city", "mobile_ad_id", "ttp"}
