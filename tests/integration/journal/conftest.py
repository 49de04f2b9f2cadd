"""A journal's file that rows are put into."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.given.journal.seed import Seed, new_journal


@pytest.fixture
def seed(tmp_path: Path) -> Iterator[Seed]:
    with new_journal(tmp_path / "relay.db") as connection:
        yield Seed(connection)
