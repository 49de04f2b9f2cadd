"""Phone numbers as people write them; every row ends in the same two forms, or says why not."""

import hashlib

import pytest

from relay.identity.digest import digest
from relay.identity.email import OTHER_DIGEST
from relay.identity.phone import NO_COUNTRY, NOT_A_NUMBER, WRONG_COUNTRY, phone
from relay.identity.value import BLANK_VALUE, HASHED, NO_PAIR, PLACEHOLDER


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("+14155552671", "14155552671"),
        (" +1-415-555-2671 ", "14155552671"),
        ("+1.415.555.2671", "14155552671"),
        ("+1/415/555/2671", "14155552671"),
        ("(+1) 415 5552671", "14155552671"),
        ("tel:+1-415-555-2671", "14155552671"),
        ("Mobile: +1 415 555 2671", "14155552671"),
        ("Fax +1 415 555 2671", "14155552671"),
        ("001 415 555 2671", "14155552671"),
        ("+001 415 555 2671", "14155552671"),
        ("+1 415 555 2671 x89", "14155552671"),
        ("+1 415 555 2671x89", "14155552671"),
        ("+1 415 555 2671 ext. 89", "14155552671"),
        ("+1 415 555 2671 Extension: 89", "14155552671"),
        ("+1 415 555 2671 #89", "14155552671"),
        ("+1 415 555 2671,,89#", "14155552671"),
        ("tel:+1-415-555-2671;ext=89", "14155552671"),
        ("\ufeff+1 415 555 2671\u200b", "14155552671"),
        ("\u202a+1 415 555 2671\u202c", "14155552671"),
        ("+1\u00a0415\u2009555\u20112671", "14155552671"),
        ("\uff0b\uff11 \uff14\uff11\uff15 555 2671", "14155552671"),
        ("+\u0661 \u0664\u0661\u0665 555 2671", "14155552671"),
        ("+44 ( 0 ) 20 7946 0018", "442079460018"),
        ("0044 (0)20 7946 0018", "442079460018"),
        ("+390612345678", "390612345678"),
        ("+1234567", "1234567"),
        ("+123456789012345", "123456789012345"),
    ],
)
def test_an_international_number(raw: str, number: str) -> None:
    """A plus or 00 in front says it all; a country beside it changes nothing."""
    expected = ((digest(number), digest(f"+{number}")), None)
    assert phone(raw, None) == expected
    assert phone(raw, "de") == expected


@pytest.mark.parametrize(
    ("raw", "country", "number"),
    [
        ("(415) 555-2671", "us", "14155552671"),
        ("1 415 555 2671", "US", "14155552671"),
        ("415.555.2671 x89", "usa", "14155552671"),
        ("07911 123456", "uk", "447911123456"),
        ("(0)20 7946 0018", "gb", "442079460018"),
        ("020 7946 0018", "GBR", "442079460018"),
        ("447911123456", "gb", "447911123456"),
        ("4915112345678", "de", "4915112345678"),
        ("43 664 1234567", "at", "436641234567"),
        ("3912345678", "it", "393912345678"),
        ("+0 7911 123456", "gb", "447911123456"),
        ("06 1234 5678", "it", "390612345678"),
        ("06 12 34 56 78", "fr", "33612345678"),
        ("0151/23456789", "de", "4915123456789"),
        ("\uff10\uff19\uff10-1234-5678", "jp", "819012345678"),
    ],
)
def test_a_national_number_takes_its_country(raw: str, country: str, number: str) -> None:
    assert phone(raw, country) == ((digest(number), digest(f"+{number}")), None)


@pytest.mark.parametrize("country", [None, "narnia", "xx"])
def test_without_a_country_pinterest_gets_the_digits(country: str | None) -> None:
    """Leading zeros go; nothing is invented."""
    assert phone("(07911) 123456", country) == ((digest("7911123456"), None), NO_COUNTRY)


def test_a_number_impossible_in_its_country_is_not_bent_into_it() -> None:
    """It may carry another country's code without a plus."""
    assert phone("491512345678", "us") == ((digest("491512345678"), None), WRONG_COUNTRY)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", BLANK_VALUE),
        ("call me", NOT_A_NUMBER),
        ("+", NOT_A_NUMBER),
        ("123456", NOT_A_NUMBER),
        ("+123456", NOT_A_NUMBER),
        ("+1234567890123456", NOT_A_NUMBER),
        ("0000000000", NOT_A_NUMBER),
        ("1-800-FLOWERS", NOT_A_NUMBER),
        ("+14155552671 / +14155552672", NOT_A_NUMBER),
        ("undefined", PLACEHOLDER),
        (hashlib.md5(b"1").hexdigest(), OTHER_DIGEST),  # noqa: S324 - what shops send
    ],
)
def test_what_is_no_number_is_left_out(raw: str, problem: str) -> None:
    assert phone(raw, None) == (NO_PAIR, problem)


@pytest.mark.parametrize("raw", ["0000000000", "000-000-0000", "+0000000000", "00 000 00000"])
@pytest.mark.parametrize("country", [None, "us", "gb", "it"])
def test_zeros_alone_are_no_number_in_any_country(raw: str, country: str | None) -> None:
    """Shops fill a required field with them; every such person would share one digest."""
    assert phone(raw, country) == (NO_PAIR, NOT_A_NUMBER)


def test_no_number_of_north_america_begins_with_zero() -> None:
    """A French one, of somebody whose country is not known, has as many digits."""
    assert phone("06 12 34 56 78", "us") == ((digest("612345678"), None), WRONG_COUNTRY)


def test_a_number_too_long_for_its_country_is_left_out() -> None:
    assert phone("9" * 30, "us") == (NO_PAIR, NOT_A_NUMBER)


def test_a_number_lost_in_a_long_text_is_left_out() -> None:
    """A letter of Arabic becomes eighteen, so that a text may be far longer than it came."""
    text = "+1 415 555 0132 " + "\ufdfa" * 60
    assert phone(text, None) == (NO_PAIR, NOT_A_NUMBER)


def test_a_digest_passes_to_both_forms() -> None:
    hashed = digest("+14155552671")
    assert phone(f" {hashed.upper()} ", "us") == ((hashed, hashed), HASHED)


def test_64_digits_are_a_digest_too() -> None:
    assert phone("7" * 64, "us") == (("7" * 64, "7" * 64), HASHED)
