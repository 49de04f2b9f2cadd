"""Cells of a CSV file as a spreadsheet should take them: as text.

What begins like a formula would be run, whoever has put it into an id or a message, and gets an
apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection, 2026). So does what
stands where a cell could begin: where the comma is the decimal sign, a spreadsheet divides a file
at each semicolon instead, and takes the quotes around a cell with commas for text.
"""

import re
from typing import Final

_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Of the last four, which are wide, a spreadsheet thinks the same in East Asia."""
_DIVIDED: Final = re.compile(f"([;\t\r\n])(?=[{re.escape(''.join(_SIGNS))}])")


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    if ";" in cell or not cell.isprintable():
        cell = _DIVIDED.sub(r"\1'", cell)
    return f"'{cell}" if cell.startswith(_SIGNS) else cell
