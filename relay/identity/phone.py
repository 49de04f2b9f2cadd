"""Phone numbers: the digest of country code and number, and the same with a leading plus.

Pinterest takes digits only, with country code and without leading zeros (Conversions API v5);
TikTok takes E.164 with its plus (Events API 2.0, "Parameters", 2026). A number that starts with a
plus or 00 contains its country code. A national number needs a country, and `phonenumbers` to
recognise its trunk prefix; without a country, Pinterest still gets the digits, and TikTok nothing.
"""

import re
from typing import Final

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

from relay.identity.address import alpha_2
from relay.identity.digest import DIGEST_LENGTH, digest, is_other_digest
from relay.identity.email import OTHER_DIGEST
from relay.identity.memo import Memo
from relay.identity.text import ascii_digits
from relay.identity.value import HASHED, NO_PAIR, Pair, read
from relay.normal_form import normal

MIN_DIGITS: Final = 7
MAX_DIGITS: Final = 15
"""E.164's own bounds on a number with its country code."""

MAX_LENGTH: Final = 1000
"""The most characters of a number, with everything that is written around it."""

NORTH_AMERICA: Final = frozenset(
    region.lower() for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]
)
"""Countries whose numbers have country code 1 and ten digits, the first neither 0 nor 1. They need
no `phonenumbers`, which takes as long as the rest of an event."""
NORTH_AMERICA_DIGITS: Final = 10
NO_AREA_CODE: Final = ("+10", "+11")
"""Prefixes that `phonenumbers` accepts by length alone, though no area code begins like this."""

MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

NOT_A_NUMBER: Final = "left out: not a phone number of 7 to 15 digits"
NO_COUNTRY: Final = "sent to Pinterest only: a national number whose country is not known"
WRONG_COUNTRY: Final = "sent to Pinterest only: no possible number in its country"

_EXTENSION: Final = re.compile(
    r"(?<=[0-9])[^0-9]*?(?:"
    r"(?<![^\W\d_])(?:extension|extn|ext|int|anexo|доб|xx?)(?![^\W\d_])"
    r"|[#~;]|,,)",
    re.IGNORECASE,
)
"""The start of an extension: a word or sign after a digit. The rest is not dialled from outside."""

_TRUNK_ZERO: Final = re.compile(r"\(\s*0\s*\)")
_NO_DIGIT: Final = re.compile(r"[^0-9]+")
_NO_DIGIT_OR_PLUS: Final = re.compile(r"[^0-9+]+")


def phone(raw: str, country: str | None) -> tuple[Pair, str | None]:
    """Return the digests of the digits and of the E.164 form, and a problem.

    `country` is the ISO 3166-1 code of the country of a national number, None if unknown.
    """
    digits = raw[1:]
    if digits.isdigit() and raw.isascii() and raw[0] == "+" and _is_international(digits):
        return (digest(digits), digest(raw)), None
    return _spaced(raw, country)


def _spaced(raw: str, country: str | None) -> tuple[Pair, str | None]:
    """Do the same for digits with the usual separators, and for national numbers."""
    plain = raw if raw[1:].isdigit() or len(raw) == DIGEST_LENGTH else _without_separators(raw)
    digits = plain[1:]
    if digits.isdigit() and plain.isascii() and len(digits) <= MAX_DIGITS:
        if plain[0] == "+" and _is_international(digits):
            return (digest(digits), digest(plain)), None
        if plain[0].isdigit() and not plain.startswith("00"):
            return _national(plain, country)
    return _unusual(raw, country)


def _without_separators(raw: str) -> str:
    plain = raw.replace(" ", "").replace("-", "").replace(".", "")
    if "(" not in plain:
        return plain
    if plain.startswith(("+", "(+")):
        plain = plain.replace("(0)", "")
    return plain.replace("(", "").replace(")", "")


def _unusual(raw: str, country: str | None) -> tuple[Pair, str | None]:
    """Do the same for anything but a plus and digits with the usual separators."""
    plain = normal("NFKC", raw).strip()
    if len(plain) > MAX_LENGTH:
        return NO_PAIR, NOT_A_NUMBER
    text, hashed, problem = read(plain)
    if problem is not None:
        return NO_PAIR, problem
    if hashed:
        return (text, text), HASHED
    if is_other_digest(text):
        return NO_PAIR, OTHER_DIGEST
    return _written(_EXTENSION.split(ascii_digits(text), maxsplit=1)[0], country)


def _written(text: str, country: str | None) -> tuple[Pair, str | None]:
    """Return the digests of a number as people write it, without an extension, and a problem."""
    significant = _NO_DIGIT_OR_PLUS.sub("", text)
    if not significant.startswith(("+", "00")):
        return _national(_NO_DIGIT.sub("", significant), country)
    digits = _NO_DIGIT.sub("", _TRUNK_ZERO.sub("", text)).removeprefix("00")
    if digits[:1] == "0" and digits.strip("0"):  # only zeros: a placeholder from a form
        return _national(digits, country)
    if not _is_international(digits):
        return NO_PAIR, NOT_A_NUMBER
    return (digest(digits), digest(f"+{digits}")), None


def _national(digits: str, country: str | None) -> tuple[Pair, str | None]:
    code = alpha_2(country) if country is not None else None
    number = _e164(code, digits) if code is not None else None
    if number is not None:
        return (digest(number[1:]), digest(number)), None
    digits = digits.lstrip("0")
    if not _is_international(digits):
        return NO_PAIR, NOT_A_NUMBER
    return (digest(digits), None), NO_COUNTRY if code is None else WRONG_COUNTRY


def _is_international(digits: str) -> bool:
    """Return whether `digits` can be a country code with a number."""
    return MIN_DIGITS <= len(digits) <= MAX_DIGITS and digits[0] != "0"


def _e164(code: str, digits: str) -> str | None:
    """Return the E.164 form of a national number, or None if it cannot be one there."""
    if code in NORTH_AMERICA and len(digits) == NORTH_AMERICA_DIGITS and digits[0] not in "01":
        return f"+1{digits}"
    return _PARSED[f"{code}{digits}"]


def _parsed(number: str) -> str | None:
    """Return the E.164 form of a two-letter country code and a national number, None if impossible.

    The number need not be valid: numbering plans grow faster than a library's copy of them.
    """
    try:
        parsed = _meant(number[2:], number[:2].upper())
    except NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(parsed)
    if possible != ValidationResult.IS_POSSIBLE:
        return None
    text = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    is_dialled = _is_international(text[1:]) and not text.startswith(NO_AREA_CODE)
    return text if is_dialled else None


def _meant(digits: str, region: str) -> PhoneNumber:
    """Parse a number, even if it has its country code but no plus.

    In countries without a fixed number length, such as Germany, 4915112345678 could be a number in
    a village with the area code 04915. In a shop's data, it is a mobile number without its plus.
    """
    parsed = phonenumbers.parse(digits, region)
    if (
        digits.startswith(str(parsed.country_code))
        and phonenumbers.number_type(parsed) not in MOBILE
    ):
        international = phonenumbers.parse(f"+{digits}", None)
        if phonenumbers.number_type(international) == PhoneNumberType.MOBILE:
            return international
    return parsed


_PARSED: Final = Memo(_parsed)
