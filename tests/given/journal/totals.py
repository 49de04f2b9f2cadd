"""The totals of a journal in which nothing has happened."""

from relay.journal.report import Totals

NO_TOTALS = Totals(
    received={},
    rejected={},
    accepted={},
    replayed={},
    delivered={},
    skipped={},
    dead={},
    value_delivered={},
)
