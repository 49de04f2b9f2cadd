"""Names, gender, birth date and external id."""

import pytest

from relay.identity.digest import ZERO_ID, digest
from relay.identity.person import (
    NOT_A_DATE,
    NOT_A_GENDER,
    NOT_A_NAME,
    birth_date,
    external_id,
    gender,
    name,
)
from relay.identity.value import BLANK_VALUE, DIGEST_OF_NOTHING, HASHED, NO_PAIR, PLACEHOLDER

DIGEST = digest("somebody")


@pytest.mark.parametrize(
    ("raw", "kept", "letters"),
    [
        ("Jane", "jane", "jane"),
        ("Mary Ann", "mary ann", "mary ann"),
        ("Jean-Luc", "jean-luc", "jeanluc"),
        ("Smith Jr.", "smith jr.", "smith jr"),
        ("Jose\u0301", "jos\u00e9", "jos\u00e9"),
        ("STRAUSS\u00df", "strauss\u00df", "strauss\u00df"),
        ("J\u030c", "\u01f0", "\u01f0"),
        ("\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e"),
        ("\ufeff Jane\u200b", "jane", "jane"),
    ],
)
def test_pinterest_keeps_the_punctuation_of_a_name(raw: str, kept: str, letters: str) -> None:
    assert name(raw) == ((digest(kept), digest(letters)), None)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        *(("-", NOT_A_NAME), ("", BLANK_VALUE), ("None", PLACEHOLDER), ("(none)", PLACEHOLDER)),
        *(("(Not Set)", PLACEHOLDER), ("(not  set)", PLACEHOLDER)),
    ],
)
def test_what_is_no_name_is_left_out(raw: str, problem: str) -> None:
    assert name(raw) == (NO_PAIR, problem)


def test_a_hashed_name_passes_to_both_forms() -> None:
    assert name(f" {DIGEST.upper()}") == ((DIGEST, DIGEST), HASHED)


@pytest.mark.parametrize(
    ("raw", "letter"),
    [
        *(("f", "f"), ("FEMALE", "f"), (" Male ", "m"), ("M", "m")),
        *(("n", "n"), ("non-binary", "n"), ("Non Binary", "n"), ("nonbinary", "n")),
    ],
)
def test_a_gender_is_one_letter(raw: str, letter: str) -> None:
    assert gender(raw) == (digest(letter), None)


def test_any_other_gender_is_left_out() -> None:
    assert gender("other") == (None, NOT_A_GENDER)


@pytest.mark.parametrize(
    "raw",
    [
        *("1997-12-26", "19971226", " 1997-12-26 ", "1997-12-26T00:00:00Z"),
        *("1997-12-26 08:30:00", "1997-12-26T23:59:59+02:00", "\uff11\uff19\uff19\uff17-12-26"),
    ],
)
def test_a_birth_date_is_a_day_whatever_the_hour(raw: str) -> None:
    assert birth_date(raw) == (digest("19971226"), None)


@pytest.mark.parametrize(
    "raw",
    [
        *("26.12.1997", "12/26/1997", "1997/12/26", "December 26, 1997", "1997", "1997-12"),
        *("1997-02-30", "1997-13-01", "00000000", "0001-01-01", "1899-12-30", "9999-12-31"),
        *("882489600", "-1"),
    ],
)
def test_an_ambiguous_or_impossible_date_is_left_out(raw: str) -> None:
    assert birth_date(raw) == (None, NOT_A_DATE)


@pytest.mark.parametrize("rule", [gender, birth_date])
def test_a_digest_of_gender_or_date_passes(rule: type) -> None:
    assert rule(DIGEST.upper()) == (DIGEST, HASHED)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        *(("User-42", "User-42"), ("\x1cUser-42\x85", "User-42"), ("\ufeffUser 42 ", "User 42")),
        *(("0", "0"), ("Jose\u0301", "Jose\u0301"), ("a@example.com", "a@example.com")),
    ],
)
def test_an_external_id_is_only_trimmed(raw: str, text: str) -> None:
    """Neither case, inner blanks nor the Unicode form change: the tag hashes this text."""
    assert external_id(raw) == ((digest(text), digest(text)), None)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        *(("", BLANK_VALUE), ("null", PLACEHOLDER), ("NaN", PLACEHOLDER), (ZERO_ID, PLACEHOLDER)),
        *((digest("Null"), DIGEST_OF_NOTHING), (digest("UNDEFINED"), DIGEST_OF_NOTHING)),
    ],
)
def test_an_external_id_of_nobody_is_left_out(raw: str, problem: str) -> None:
    """Else all guests of a shop would be one customer."""
    assert external_id(raw) == (NO_PAIR, problem)


def test_a_digest_as_external_id_passes_in_lower_case() -> None:
    assert external_id(f" {DIGEST.upper()}") == ((DIGEST, DIGEST), HASHED)
