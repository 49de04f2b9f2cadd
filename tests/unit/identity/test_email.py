"""E-mail addresses beyond the published vectors."""

import hashlib

import pytest

from relay.identity.email import BLANK_INSIDE, NOT_AN_ADDRESS, OTHER_DIGEST, email
from relay.identity.value import BLANK_VALUE, DIGEST_OF_NOTHING, HASHED, NO_PAIR, PLACEHOLDER

DIGEST = "86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("raw", [DIGEST, DIGEST.upper(), f" {DIGEST}\n", f"\ufeff{DIGEST}\u200b"])
def test_a_digest_passes_in_lower_case(raw: str) -> None:
    assert email(raw) == ((DIGEST, DIGEST), HASHED)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", BLANK_VALUE),
        (" \u00a0\u200b", BLANK_VALUE),
        ("jane.doe", NOT_AN_ADDRESS),
        ("@example.com", NOT_AN_ADDRESS),
        ("jane@", NOT_AN_ADDRESS),
        ("jane@example", NOT_AN_ADDRESS),
        ("jane@.com", NOT_AN_ADDRESS),
        ("jane@example.", NOT_AN_ADDRESS),
        ("jane@doe@example.com", NOT_AN_ADDRESS),
        ("a@example.com, b@example.com", NOT_AN_ADDRESS),
        ("Jane <jane@example.com>", NOT_AN_ADDRESS),
        ("mailto:jane@example.com", NOT_AN_ADDRESS),
        ("NULL", PLACEHOLDER),
        ("(not set)", PLACEHOLDER),
        (hashlib.md5(b"jane").hexdigest(), OTHER_DIGEST),  # noqa: S324 - what shops send
        (hashlib.sha1(b"jane").hexdigest(), OTHER_DIGEST),  # noqa: S324 - what shops send
        (DIGEST[:-1], OTHER_DIGEST),
        (sha256("").upper(), DIGEST_OF_NOTHING),
    ],
)
def test_what_is_no_address_is_left_out(raw: str, problem: str) -> None:
    assert email(raw) == (NO_PAIR, problem)


def test_a_blank_inside_goes_for_pinterest_and_disqualifies_for_tiktok() -> None:
    assert email("jane.doe@\texample.com") == ((DIGEST, None), BLANK_INSIDE)


def test_blanks_are_removed_before_the_letters_are_lowered() -> None:
    """A sigma has its final form at the end of a word only."""
    raw, compact = "\u039f\u03a3 \u0391@example.gr", "\u03bf\u03c3\u03b1@example.gr"
    assert email(raw) == ((sha256(compact), None), BLANK_INSIDE)


def test_an_invisible_character_inside_counts_as_a_blank() -> None:
    assert email("jane.doe@ex\u00adample.com") == ((DIGEST, None), BLANK_INSIDE)


def test_pinterest_gets_composed_letters_and_tiktok_the_letters_as_written() -> None:
    forms, problem = email("jo\u0308rg@example.com")
    assert forms == (sha256("j\u00f6rg@example.com"), sha256("jo\u0308rg@example.com"))
    assert problem is None


def test_a_lone_surrogate_is_no_text() -> None:
    assert email("jane\ud800@example.com") == (NO_PAIR, BLANK_VALUE)
