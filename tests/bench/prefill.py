"""Journals with a past: events that were delivered long since, and events that wait.

Made once a run and copied for each trial, because making one takes longer than the trial.
"""

import asyncio
import shutil
from pathlib import Path

from tests.bench.case import Case
from tests.bench.contender import destination_names
from tests.given.journal.backlog import fill


def prefill(case: Case, stock: Path, journal: Path) -> None:
    """Put the case's journal at `journal`, none if it begins empty; `stock` keeps the originals."""
    if not case.stored_events + case.waiting_events:
        return
    name = f"{case.stored_events}-{case.waiting_events}-{case.destinations}.db"
    if not (original := stock / name).exists():
        asyncio.run(_fill(original, case))
    shutil.copyfile(original, journal)
    journal.chmod(0o600)


async def _fill(path: Path, case: Case) -> None:
    if case.stored_events:
        await fill(path, case.stored_events, destinations=())
    if case.waiting_events:
        await fill(path, case.waiting_events, destination_names(case))
