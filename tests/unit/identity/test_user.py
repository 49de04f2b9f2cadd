"""One user with all its fields: what they do to each other, what is warned about, what counts."""

import pytest
from msgspec import convert

from relay.event import User
from relay.identity import Identity, has_identifier
from relay.identity.digest import digest
from relay.identity.user import identify

GOOD = "jane@example.com"


def paths(user: User, default_country: str | None = None) -> list[str]:
    return [warning.path for warning in identify(user, default_country)[1]]


def test_a_whole_user() -> None:
    user = User(
        email=["Jane@Example.com", "jane@shop.example"],
        phone="(415) 555-2671",
        external_id=42,
        first_name="Mary-Ann",
        last_name="O'Neil",
        gender="female",
        birth_date="1997-12-26",
        city="New York",
        state="New York",
        zip="10001-1234",
        country="USA",
        mobile_ad_id="Ab-1",
        ip="8.8.8.8",
        user_agent="Mozilla/5.0",
        locale="en-US",
        epik="dj0",
        ttclid="E.C",
        ttp="tt",
        att_status="AUTHORIZED",
        customer_type="new",
    )
    emails = (digest("jane@example.com"), digest("jane@shop.example"))
    assert identify(user, None) == (
        Identity(
            email_compact=emails,
            email_trimmed=emails,
            phone_digits=(digest("14155552671"),),
            phone_e164=(digest("+14155552671"),),
            external_id=(digest("42"),),
            first_name=digest("mary-ann"),
            first_name_letters=digest("maryann"),
            last_name=digest("o'neil"),
            last_name_letters=digest("oneil"),
            gender=digest("f"),
            birth_date=digest("19971226"),
            city=digest("newyork"),
            city_plain="newyork",
            state=digest("ny"),
            state_plain="newyork",
            zip_digits=digest("100011234"),
            zip_compact=digest("10001"),
            country=digest("us"),
            country_plain="us",
            mobile_ad_id_lower=digest("ab-1"),
            mobile_ad_id_upper=digest("AB-1"),
            ip="8.8.8.8",
            user_agent="Mozilla/5.0",
            locale="en-US",
            epik="dj0",
            ttclid="E.C",
            ttp="tt",
            att_status="AUTHORIZED",
            customer_type="new",
        ),
        [],
    )


def test_a_user_of_nothing() -> None:
    assert identify(User(), "US") == (Identity(), [])


def test_an_array_keeps_its_order_and_loses_repetitions_after_hashing() -> None:
    user = User(email=["b@example.com", " A@example.com", digest("b@example.com"), "a@example.com"])
    identity, warnings = identify(user, None)
    assert identity.email_compact == (digest("b@example.com"), digest("a@example.com"))
    assert warnings == []


def test_blank_and_null_elements_are_ignored_and_bad_ones_named_by_their_position() -> None:
    user = User(email=[None, "", " \u200b", "nope", GOOD], external_id=[None, 7, "null"])
    identity, warnings = identify(user, None)
    assert identity.email_trimmed == (digest(GOOD),)
    assert identity.external_id == (digest("7"),)
    assert [warning.path for warning in warnings] == ["user.email[3]", "user.external_id[2]"]


def test_a_blank_that_stands_alone_is_warned_about() -> None:
    assert paths(User(email=" ", first_name="", epik="")) == [
        "user.email",
        "user.first_name",
        "user.epik",
    ]


def test_a_message_never_quotes_the_value() -> None:
    user = User(email="canary.nope", phone="canary", country="canary", ip="canary", gender="canary")
    warnings = identify(user, None)[1]
    assert len(warnings) == 5
    assert not any("canary" in warning.message for warning in warnings)


@pytest.mark.parametrize(
    ("country", "default_country"),
    [("GB", None), (None, "GB"), ("GB", "US"), (digest("us"), "uk"), ("Narnia", "GBR")],
)
def test_the_country_of_a_national_number(country: str | None, default_country: str | None) -> None:
    """The user's own if it is plain, else the configured one."""
    user = User(phone="07911 123456", country=country)
    assert identify(user, default_country)[0].phone_e164 == (digest("+447911123456"),)


@pytest.mark.parametrize(
    ("country", "text"),
    [("US", "94107"), ("usa", "94107"), ("DE", "941071234"), (None, "941071234")],
)
def test_only_a_postal_code_of_the_united_states_is_cut(country: str | None, text: str) -> None:
    """The configured country is for phone numbers; it says nothing about where this user lives."""
    identity = identify(User(zip="94107-1234", country=country), "US")[0]
    assert identity.zip_compact == digest(text)
    assert identity.zip_digits == digest("941071234")


@pytest.mark.parametrize(
    "user",
    [
        User(email=GOOD),
        User(email=digest(GOOD)),
        User(phone="+14155552671"),
        User(phone="07911 123456"),
        User(external_id=1),
        User(mobile_ad_id="ab-1"),
        User(ip="203.0.113.7", user_agent="Mozilla/5.0"),
        User(ip="203.0.113.7"),
        User(epik="dj0"),
        User(ttclid="E.C"),
        User(ttp="tt"),
        User(first_name="Jane"),
        User(last_name="Doe"),
        User(email=["nope", "a b@example.com"]),
    ],
)
def test_one_usable_identifier_is_enough(user: User) -> None:
    assert has_identifier(identify(user, None)[0])


@pytest.mark.parametrize(
    "user",
    [
        User(),
        User(email="nope"),
        User(email=[], phone=[None], external_id=""),
        User(email=digest("")),
        User(ip="10.0.0.1", user_agent="Mozilla/5.0"),
        User(epik="null", ttclid="undefined"),
        User(
            gender="f",
            birth_date="1997-12-26",
            city="Berlin",
            state="BE",
            zip="10115",
            country="DE",
            user_agent="Mozilla/5.0",
            locale="de",
            att_status="DENIED",
            customer_type="new",
        ),
    ],
)
def test_what_thousands_share_is_no_identifier(user: User) -> None:
    assert not has_identifier(identify(user, None)[0])


@pytest.mark.parametrize("between", ["", "\u200d"], ids=["in a row", "joined"])
@pytest.mark.parametrize(
    "field",
    [
        *("email", "phone", "first_name", "last_name", "gender", "birth_date"),
        *("city", "state", "zip", "country", "mobile_ad_id"),
    ],
)
def test_a_letter_with_thousands_of_marks_is_no_value(field: str, between: str) -> None:
    """To sort them takes the square of their number, a tenth of a second a field."""
    raw = between.join(["jane@example.com", *["\u0301\u0323"] * 2_000])
    identity, [warning] = identify(convert({field: raw}, User), "DE")
    assert (identity, warning.path) == (Identity(), f"user.{field}")


@pytest.mark.parametrize("field", ["first_name", "city"])
def test_nor_is_one_that_gets_them_when_its_punctuation_goes(field: str) -> None:
    raw = ".".join(["jane", *["\u0301\u0323"] * 2_000])
    identity, [warning] = identify(convert({field: raw}, User), "DE")
    assert (identity, warning.path) == (Identity(), f"user.{field}")
