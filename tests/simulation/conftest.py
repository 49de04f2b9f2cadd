"""Days in virtual time: no disk is as fast."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.given.journal.memory import memory


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with TemporaryDirectory(prefix="relay-", dir=memory()) as folder:
        yield Path(folder)
