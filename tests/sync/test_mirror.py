"""Whoever knows where code is knows where its tests are."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIRRORS = ("unit", "integration")


@pytest.mark.parametrize("mirror", MIRRORS)
def test_folders_of_tests_are_named_after_folders_of_the_relay(mirror: str) -> None:
    folder = ROOT / "tests" / mirror
    tested = {each.parent.relative_to(folder) for each in folder.rglob("test_*.py")}
    assert tested
    assert [each for each in tested if not (ROOT / "relay" / each).is_dir()] == []
