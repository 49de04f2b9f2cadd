"""Makes spreadsheets take the cells of a CSV file as text.

A spreadsheet would run a cell that begins like a formula, whoever put it into an id or a message;
so it gets an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection, 2026). So
does text inside a cell where another cell could begin: in countries with a decimal comma, a
spreadsheet splits a file at each semicolon instead, and takes the quotes around a cell for text.
"""

import re
from typing import Final

_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are full-width forms, which spreadsheets in East Asia treat the same."""
_DIVIDED: Final = re.compile(f"([;\t\r\n])(?=[{re.escape(''.join(_SIGNS))}])")


def as_text(cell: str) -> str:
    """Return `cell` so that no spreadsheet takes it for a formula."""
    if ";" in cell or not cell.isprintable():
        cell = _DIVIDED.sub(r"\1'", cell)
    return f"'{cell}" if cell.startswith(_SIGNS) else cell
