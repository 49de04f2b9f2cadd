"""City, state, postal code and country."""

import pytest

from relay.identity.address import (
    AN_ADDRESS,
    NOT_A_COUNTRY,
    NOT_A_PLACE,
    Zip,
    alpha_2,
    city,
    country,
    postal_code,
    state,
)
from relay.identity.digest import digest
from relay.identity.value import HASHED, NO_PAIR, PLACEHOLDER

DIGEST = digest("somewhere")


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("Saint-\u00c9tienne", "saint\u00e9tienne"),
        ("Saint-E\u0301tienne", "saint\u00e9tienne"),
        ("\u6771\u4eac", "\u6771\u4eac"),
        (
            "\u0e01\u0e23\u0e38\u0e07\u0e40\u0e17\u0e1e",
            "\u0e01\u0e23\u0e38\u0e07\u0e40\u0e17\u0e1e",
        ),
        ("Paris 12", "paris12"),
        ("L'A\u200bquila", "laquila"),
    ],
)
def test_a_city_is_its_letters_marks_and_digits(raw: str, plain: str) -> None:
    assert city(raw) == ((digest(plain), plain), None)


@pytest.mark.parametrize("rule", [city, state, country])
def test_a_hashed_place_has_no_plain_form(rule: type) -> None:
    assert rule(DIGEST.upper()) == ((DIGEST, None), HASHED)


@pytest.mark.parametrize("rule", [city, state])
def test_a_place_without_letters_is_none(rule: type) -> None:
    assert rule(" - ") == (NO_PAIR, NOT_A_PLACE)


@pytest.mark.parametrize("rule", [city, state])
@pytest.mark.parametrize("at", ["@", "\uff20"])
def test_an_address_in_the_field_of_a_place_is_not_kept_plain(rule: type, at: str) -> None:
    assert rule(f"jane{at}example.com") == (NO_PAIR, AN_ADDRESS)


@pytest.mark.parametrize("rule", [city, state])
def test_a_placeholder_in_brackets_is_one_all_the_same(rule: type) -> None:
    assert rule("(none)") == (NO_PAIR, PLACEHOLDER)


@pytest.mark.parametrize("rule", [city, state, country])
def test_not_available_is_no_code_of_two_letters(rule: type) -> None:
    """Namibia is NA."""
    assert rule("N/A") == (NO_PAIR, PLACEHOLDER)


@pytest.mark.parametrize(
    ("raw", "code", "plain"),
    [
        ("ca", "ca", "ca"),
        ("US-CA", "ca", "ca"),
        ("us - ca", "ca", "ca"),
        ("N.Y.", "ny", "ny"),
        ("California", "ca", "california"),
        ("north  carolina", "nc", "northcarolina"),
        ("District of Columbia", "dc", "districtofcolumbia"),
        ("Washington, D.C.", "dc", "washingtondc"),
        ("Ontario", "on", "ontario"),
        ("CA-ON", "on", "on"),
        ("Qu\u00e9bec", "qc", "qu\u00e9bec"),
        ("DE-BY", "by", "by"),
        ("BY", "by", "by"),
    ],
)
def test_a_state_has_a_code_of_two_letters(raw: str, code: str, plain: str) -> None:
    assert state(raw) == ((digest(code), plain), None)


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        *(("Bayern", "bayern"), ("New South Wales", "newsouthwales"), ("GB-ENG", "eng")),
        *(("La-Rioja", "larioja"), ("\u6771\u4eac", "\u6771\u4eac"), ("75", "75")),
    ],
)
def test_a_region_without_such_a_code_is_plain_only(raw: str, plain: str) -> None:
    assert state(raw) == ((None, plain), None)


@pytest.mark.parametrize(
    ("raw", "digits", "compact", "compact_us"),
    [
        ("02139", "02139", "02139", "02139"),
        ("94107-1234", "941071234", "941071234", "94107"),
        ("94107\u20131234", "941071234", "941071234", "94107"),
        ("SW1A 1AA", None, "sw1a1aa", "sw1a1"),
        ("K1A-0B1", None, "k1a0b1", "k1a0b"),
        ("\u3012100-0001", "1000001", "\u30121000001", "\u30121000"),
        ("1234 AB", None, "1234ab", "1234a"),
    ],
)
def test_a_postal_code(raw: str, digits: str | None, compact: str, compact_us: str) -> None:
    """Pinterest takes digits only, and a code with letters would collide with others."""
    expected = Zip(digest(digits) if digits else None, digest(compact), digest(compact_us))
    assert postal_code(raw) == (expected, None)


def test_a_hashed_postal_code_passes_to_all_forms() -> None:
    assert postal_code(DIGEST.upper()) == (Zip(DIGEST, DIGEST, DIGEST), HASHED)


@pytest.mark.parametrize(
    ("raw", "problem"), [("--", NOT_A_PLACE), ("null", PLACEHOLDER), ("[null]", PLACEHOLDER)]
)
def test_what_is_no_postal_code_is_left_out(raw: str, problem: str) -> None:
    assert postal_code(raw) == (Zip(), problem)


@pytest.mark.parametrize(
    ("raw", "code"),
    [("de", "de"), (" DEU ", "de"), ("UK", "gb"), ("GBR", "gb"), ("U.S.A.", "us"), ("NA", "na")],
)
def test_a_country_is_its_code_of_two_letters(raw: str, code: str) -> None:
    assert country(raw) == ((digest(code), code), None)
    assert alpha_2(raw) == code


@pytest.mark.parametrize("raw", ["Germany", "XX", "EU", "276", "d"])
def test_anything_else_is_no_country(raw: str) -> None:
    assert country(raw) == (NO_PAIR, NOT_A_COUNTRY)
    assert alpha_2(raw) is None
