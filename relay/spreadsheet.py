"""Cells of a CSV file as a spreadsheet should take them: as text.

What begins like a formula would be run, whoever has put it into an id or a message, and gets an
apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection, 2026).
"""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Of the last four, which are wide, a spreadsheet thinks the same in East Asia."""


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
