"""Dead letters as CSV for a spreadsheet: ids, event names and reasons, and nothing about a person.

No cell begins like a formula. The byte order mark tells Excel that the file is UTF-8: without it,
Excel would garble everything but ASCII.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from relay.journal.letter import DeadFilter
from relay.outcome.reports import Reports
from relay.outcome.views.api import DeadLetterView
from relay.spreadsheet import as_text

MOST_LETTERS: Final = 10_000
"""How many letters the file lists, the latest ones; older ones are in the API."""
HEADER: Final = (
    *("dead_at", "event_time", "event", "event_id", "destination", "reason", "code", "message"),
)
_STEP: Final = 1_000
_MARK: Final = "\ufeff"


async def csv_of(reports: Reports, where: DeadFilter) -> str:
    """Return the matching letters, newest first, with a header line."""
    text = io.StringIO(newline="")
    text.write(_MARK)
    writer = csv.writer(text)
    writer.writerow(HEADER)
    cursor, written = None, 0
    while written < MOST_LETTERS:
        page = await reports.dead_letters(where, limit=_STEP, cursor=cursor)
        writer.writerows(_rows(page.dead_letters))
        written += len(page.dead_letters)
        cursor = page.next
        if cursor is None:
            break
    return text.getvalue()


def _rows(letters: Sequence[DeadLetterView]) -> Iterator[list[str]]:
    for letter in letters:
        yield [as_text(getattr(letter, name)) for name in HEADER]
