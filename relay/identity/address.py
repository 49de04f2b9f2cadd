"""Where a person lives: city, state, postal code and country.

Pinterest takes all four hashed (Conversions API v5); TikTok takes city, state and country in plain,
normalised text, and the postal code hashed (Events API 2.0, "Parameters", 2026). So a city, state
or country that arrives hashed goes to Pinterest only.
"""

import re
from typing import Final
from unicodedata import category

import msgspec
import pycountry

from relay.identity.digest import digest
from relay.identity.memo import Memo
from relay.identity.text import ascii_digits, is_placeholder, letters, lower
from relay.identity.value import HASHED, NO_PAIR, PLACEHOLDER, Pair, read
from relay.normal_form import normal

NOT_A_PLACE: Final = "left out: no letter or digit in it"
AN_ADDRESS: Final = "left out: an e-mail address, and no place"
NOT_A_COUNTRY: Final = "left out: not an ISO 3166-1 country code"

US_ZIP_DIGITS: Final = 5
"""TikTok compares the first five digits of a postal code of the United States."""

_ISO_3166_2: Final = re.compile(r"\A(?:(?:us|ca)-|[a-z]{2}-(?=[a-z0-9]{1,3}\Z))")
_NAMED_STATES_OF: Final = frozenset({"US", "CA"})
_MINUS: Final = "\u2212"
_FULL_WIDTH_AT: Final = "\uff20"


class Zip(msgspec.Struct, frozen=True, gc=False):
    """The digests of a postal code."""

    digits: str | None = None
    """Digest of the digits alone; None if it contains a letter."""
    compact: str | None = None
    """Digest of the text without spaces and hyphens."""
    compact_us: str | None = None
    """The same, of the first five characters."""


def city(raw: str) -> tuple[Pair, str | None]:
    """Return the digest and the plain form, both without spaces and punctuation, and a problem."""
    text, hashed, problem = read(raw)
    if problem is not None or hashed:
        return (text or None, None), problem or HASHED
    plain = letters(text)
    problem = _problem_of(text, plain)
    return ((digest(plain), plain), None) if problem is None else (NO_PAIR, problem)


def state(raw: str) -> tuple[Pair, str | None]:
    """Return the digest of the two-letter code, if there is one, the plain form, and a problem.

    `CA`, `US-CA` and `California` have the same digest. Names are known for the states of the
    United States and the provinces of Canada.
    """
    text, hashed, problem = read(raw)
    if problem is not None or hashed:
        return (text or None, None), problem or HASHED
    plain = letters(_ISO_3166_2.sub("", "".join(lower(text).split())))
    problem = _problem_of(text, plain)
    if problem is not None:
        return NO_PAIR, problem
    is_code = len(plain) == 2 and plain.isascii() and plain.isalpha()  # noqa: PLR2004 - ISO 3166-2
    code = plain if is_code else _CODES_BY_NAME.get(_without_accents(plain))
    return (digest(code) if code is not None else None, plain), None


def postal_code(raw: str) -> tuple[Zip, str | None]:
    """Return the digests of a postal code, and a problem.

    Which digest a platform gets depends on the country.
    """
    if len(raw) == US_ZIP_DIGITS and raw.isascii() and raw.isdigit():
        whole = digest(raw)
        return Zip(whole, whole, whole), None
    text, hashed, problem = read(raw)
    if problem is not None:
        return Zip(), problem
    if hashed:
        return Zip(text, text, text), HASHED
    compact = _without_spaces_and_hyphens(lower(text))
    problem = _problem_of(text, letters(compact))
    if problem is not None:
        return Zip(), problem
    has_letter = any(map(str.isalpha, compact))
    digits = "" if has_letter else "".join(filter(str.isdecimal, ascii_digits(compact)))
    whole = digest(compact)
    return Zip(
        None if not digits else whole if digits == compact else digest(digits),
        whole,
        whole if len(compact) <= US_ZIP_DIGITS else digest(compact[:US_ZIP_DIGITS]),
    ), None


def country(raw: str) -> tuple[Pair, str | None]:
    """Return the digest and the plain form of the two-letter ISO 3166-1 code, and a problem."""
    text, hashed, problem = read(raw)
    if problem is not None or hashed:
        return (text or None, None), problem or HASHED
    code = _CODES_OF_COUNTRIES.get(letters(text))
    return ((digest(code), code), None) if code is not None else (NO_PAIR, NOT_A_COUNTRY)


COUNTRIES: Final = Memo(country)


def alpha_2(raw: str) -> str | None:
    """Return the two-letter ISO 3166-1 code for a code of two or three letters, or None."""
    return COUNTRIES[raw][0][1]


def _problem_of(text: str, plain: str) -> str | None:
    """Return what is wrong with a place, also reduced to letters and digits: `(none)` or `-`.

    Cities and states are stored and sent in plain text, so a form's wrong field must not get there.
    """
    if not plain:
        return NOT_A_PLACE
    if "@" in text or _FULL_WIDTH_AT in text:
        return AN_ADDRESS
    return PLACEHOLDER if is_placeholder(plain) else None


def _codes_of_countries() -> dict[str, str]:
    """Return the lower-case two-letter code for each code of two or three letters and for `uk`."""
    codes = {"uk": "gb"}
    for entry in pycountry.countries:
        code = entry.alpha_2.lower()
        codes[code] = codes[entry.alpha_3.lower()] = code
    return codes


def _codes_by_name() -> dict[str, str]:
    codes = {"washingtondc": "dc"}
    for entry in pycountry.subdivisions:
        if entry.country_code in _NAMED_STATES_OF:
            codes[_without_accents(letters(entry.name))] = entry.code[-2:].lower()
    return codes


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(char for char in normal("NFD", text) if category(char) != "Mn")


def _without_spaces_and_hyphens(text: str) -> str:
    if text.isascii():
        return "".join(text.split()).replace("-", "")
    return "".join(char for char in text if not _is_space_or_hyphen(char))


def _is_space_or_hyphen(char: str) -> bool:
    return char.isspace() or char == _MINUS or category(char) == "Pd"


_CODES_OF_COUNTRIES: Final = _codes_of_countries()
_CODES_BY_NAME: Final = _codes_by_name()
"""Built on import: it takes 30 ms, during which the first event with a state would block others."""
