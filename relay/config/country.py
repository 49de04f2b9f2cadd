"""A country as a two-letter code (ISO 3166-1 alpha-2), in upper case."""

from typing import ClassVar, Self

import pycountry

from relay.errors import ConfigError


class Country(str):
    """An assigned two-letter code; accepted in any case, kept in upper case."""

    __slots__ = ()

    FORM: ClassVar = "a country as two letters (ISO 3166-1)"
    EXAMPLE: ClassVar = "US"
    PATTERN: ClassVar = r"^[A-Za-z]{2}$"

    def __new__(cls, text: str) -> Self:
        """Read `text`; a `ConfigError` says what it must be."""
        code = text.strip().upper()
        if code == "UK":
            raise ConfigError('must be "GB" for the United Kingdom')
        if len(code) != 2 or pycountry.countries.get(alpha_2=code) is None:  # noqa: PLR2004 - alpha-2
            raise ConfigError(f'must be {cls.FORM}, such as "{cls.EXAMPLE}"')
        return super().__new__(cls, code)
