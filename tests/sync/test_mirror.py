"""Whoever knows where code is knows where its tests are."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIRRORS = ("unit", "integration/journal", "integration/workers")


@pytest.mark.parametrize("mirror", MIRRORS)
def test_folders_of_tests_are_named_after_rooms_of_the_relay(mirror: str) -> None:
    room = ROOT / "relay" / mirror.partition("/")[2]
    folder = ROOT / "tests" / mirror
    tested = {each.parent.relative_to(folder) for each in folder.rglob("test_*.py")}
    assert tested
    assert [each for each in tested if not (room / each).is_dir()] == []
