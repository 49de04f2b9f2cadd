"""Selects the roll-up rows of a range in SQL: minutes and hours that overlap it.

So a range is extended to the start of its first row and to the end of its last one. Rows come
grouped in the order of the table, which needs no sorting; the caller adds up the groups.
"""

from typing import Final

from relay.journal.figures.rollup import HOUR_S, MINUTE_S
from relay.journal.report import FOR_EVER_MS

SINCE: Final = (
    "((width_s = :minute_s AND start_s > :since_s - :minute_s)"
    " OR (width_s = :hour_s AND start_s > :since_s - :hour_s)) AND start_s <= :until_s"
)


def bounds(since_ms: int, until_ms: int = FOR_EVER_MS) -> dict[str, int]:
    """Return the parameters of `SINCE` and of the queries of `of_each_width`."""
    ends = {"since_s": since_ms // 1000, "until_s": until_ms // 1000}
    return {**ends, "minute_s": MINUTE_S, "hour_s": HOUR_S}


def of_each_width(columns: str, group: str, where: str = "TRUE") -> str:
    """Return a query for the rows of both widths, each width grouped separately."""
    return " UNION ALL ".join(
        f"SELECT {columns} FROM rollup WHERE width_s = :{width} AND start_s > :since_s - :{width}"
        f" AND start_s <= :until_s AND {where} GROUP BY {group}"
        for width in ("minute_s", "hour_s")
    )
