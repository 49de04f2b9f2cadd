"""A short chaos run of fixed seeds; `make chaos` is the long one, with any seed."""

from pathlib import Path

import pytest

from tests.chaos import disk
from tests.chaos.run import Report, Settings, run
from tests.chaos.trouble import TROUBLES

SECONDS = 18.0
"""In which every trouble comes once or twice."""


def no_bar(passed_s: float, report: Report) -> None:
    """Show nothing."""


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("seed", "may_mount"), [(1, False), (2, disk.may_mount())], ids=["limited", "mounted"]
)
async def test_nothing_is_lost_whatever_breaks(
    tmp_path: Path, *, seed: int, may_mount: bool
) -> None:
    """The sums hold in every sample, and each duplicate has a kill or a reset that explains it."""
    settings = Settings(seed=seed, seconds=SECONDS, folder=tmp_path, may_mount=may_mount)
    report = await run(settings, no_bar)
    assert report.problems == [], f"seed {seed}"
    assert report.happened.keys() == TROUBLES.keys(), "a trouble was left out"
    assert len(report.acknowledged) > 500, "too little went through to prove anything"
    assert report.samples > 20
