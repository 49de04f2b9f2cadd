"""What every test of the port for producers holds to."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nothing_to_report(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever clients do, it is no warning and no error in the relay's log."""
    yield
    records = caplog.get_records("call")
    assert [record for record in records if record.levelno >= logging.WARNING] == []
