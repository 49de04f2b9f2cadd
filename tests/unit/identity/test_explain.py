"""What `relay hash` says about one value."""

import pytest

from relay.event import User
from relay.identity import Identity
from relay.identity.digest import digest
from relay.identity.explain import ALREADY_HASHED, NO_CODE, PLAIN_ELSEWHERE, RULES, explain

DIGEST = digest("anything")


def test_every_field_of_a_user_can_be_explained() -> None:
    assert list(RULES) == list(User.__struct_fields__)


def test_a_raw_value() -> None:
    explanation = explain("email", " Jane@Example.com ")
    hashed = (digest("jane@example.com"),)
    assert explanation.kind == "raw"
    assert explanation.identity == Identity(email_compact=hashed, email_trimmed=hashed)
    assert explanation.note == RULES["email"]


def test_a_country_beside_the_value_is_used_but_not_shown() -> None:
    explanation = explain("phone", "07911 123456", country="GB")
    assert explanation.identity.phone_e164 == (digest("+447911123456"),)
    assert explanation.identity.country is None
    assert explanation.identity.country_plain is None


def test_the_configured_country_is_used_too() -> None:
    explanation = explain("phone", "07911 123456", default_country="GB")
    assert explanation.identity.phone_e164 == (digest("+447911123456"),)


def test_a_country_itself() -> None:
    explanation = explain("country", "uk", country="US")
    assert explanation.identity == Identity(country=digest("gb"), country_plain="gb")


@pytest.mark.parametrize(
    ("field", "note"),
    [("email", ALREADY_HASHED), ("zip", ALREADY_HASHED), ("city", PLAIN_ELSEWHERE)],
)
def test_a_digest(field: str, note: str) -> None:
    explanation = explain(field, f" {DIGEST.upper()}")
    assert (explanation.kind, explanation.note) == ("hashed", note)


def test_a_click_id_that_looks_like_a_digest_is_none() -> None:
    explanation = explain("epik", DIGEST.upper())
    assert (explanation.kind, explanation.note) == ("raw", RULES["epik"])
    assert explanation.identity.epik == DIGEST.upper()


@pytest.mark.parametrize(
    ("field", "value", "note"),
    [
        ("email", "nope", "Left out: not an e-mail address (one @, and a dot in the domain)."),
        ("email", digest(""), "Left out: the digest of an empty text or of a placeholder."),
        ("ip", "10.0.0.1", "Left out: no public IP address in it."),
        ("customer_type", "old", "Left out: not one of new, returning."),
    ],
)
def test_why_nothing_is_sent(field: str, value: str, note: str) -> None:
    explanation = explain(field, value)
    assert explanation.identity == Identity()
    assert explanation.note == note


@pytest.mark.parametrize(
    ("field", "value", "note"),
    [
        ("state", "Bayern", NO_CODE),
        (
            "phone",
            "07911 123456",
            "Sent to Pinterest only: a national number whose country is not known.",
        ),
        (
            "zip",
            "SW1A 1AA",
            "Not sent to Pinterest: it takes digits only, and this contains a letter.",
        ),
    ],
)
def test_why_only_one_platform_gets_it(field: str, value: str, note: str) -> None:
    assert explain(field, value).note == note


def test_an_unknown_field() -> None:
    with pytest.raises(KeyError):
        explain("shoe_size", "44")
