"""Durations and sizes as people write them: `"200ms"`, `"7d"`, `"10GiB"`.

A value is a plain number (seconds, bytes) that remembers its text, so that errors and listings show
what is in the file. For an unreadable text, the message of the `ConfigError` begins with "must be",
ready to follow the name of a key or an option.
"""

import re
from typing import ClassVar, Final, Self

from relay.errors import ConfigError

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_BYTES: Final = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class _Written:
    """A value that remembers the text from which it was read."""

    _text: str

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"

    def __getnewargs__(self) -> tuple[str]:
        return (self._text,)


class Duration(_Written, float):  # type: ignore[misc]  # a number's own new args are numbers
    """Seconds, from a text with one of the units `ms s m h d`."""

    FORM: ClassVar = "a duration with one of the units ms s m h d"
    EXAMPLE: ClassVar = "20s"
    PATTERN: ClassVar = r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d)$"

    def __new__(cls, text: str) -> Self:
        """Read `text`; a `ConfigError` says what it must be."""
        number, unit = _read(text, cls)
        self = super().__new__(cls, number / 1000 if unit == "ms" else number * _SECONDS[unit])
        self._text = text
        return self


class Size(_Written, int):  # type: ignore[misc]  # as for `Duration`
    """Bytes, from a text with one of the units `B KiB MiB GiB`."""

    FORM: ClassVar = "a size with one of the units B KiB MiB GiB"
    EXAMPLE: ClassVar = "5MiB"
    PATTERN: ClassVar = r"^[0-9]{1,9}(\.[0-9]{1,3})?(B|KiB|MiB|GiB)$"

    def __new__(cls, text: str) -> Self:
        """Read `text`; a `ConfigError` says what it must be."""
        number, unit = _read(text, cls)
        self = super().__new__(cls, int(number * _BYTES[unit]))
        self._text = text
        return self


def sized(size_bytes: int) -> str:
    """Return a size in the unit that fits: `132 KiB`, `4.5 MiB`, `1.25 GiB`."""
    if size_bytes >= 2**30:
        return f"{size_bytes / 2**30:,.2f} GiB"
    if size_bytes >= 2**20:
        return f"{size_bytes / 2**20:.1f} MiB"
    return f"{size_bytes / 2**10:.0f} KiB"


def _read(text: str, kind: type[Duration | Size]) -> tuple[float, str]:
    """Return the number and the unit of a text in the form of its kind."""
    if re.fullmatch(kind.PATTERN, text, re.ASCII) is None:
        raise ConfigError(f'must be {kind.FORM}, such as "{kind.EXAMPLE}"')
    unit = text.lstrip("0123456789.")
    return float(text.removesuffix(unit)), unit
