"""A trial tells a mutant that is found from one that survives, and from one that proves nothing."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.mutants.pair import ROOT, Pair
from tests.mutants.trial import Copy

CLAMPED = Pair(
    promise="Everything is bounded",
    breaks="a wait may be of any length",
    file="relay/dispatch/retry.py",
    find="    return min(max(hint_s or 0.0, 0.0), HINT_MAX_S)\n",
    replace="    return max(hint_s or 0.0, 0.0)\n",
    test="tests/unit/dispatch/test_retry.py::test_a_hint_is_clamped_to_sensible_bounds",
)
"""Stands for all; the others are tried by `make mutants`."""


@pytest.mark.slow
def test_a_mutant_is_found_survives_or_proves_nothing(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    assert copy.without_mutant([CLAMPED]) == ""
    trials = {
        "found": CLAMPED,
        "survived": replace(CLAMPED, replace=CLAMPED.find + "    # nothing\n"),
        "error": replace(CLAMPED, replace="    no Python\n"),
    }
    assert {name: copy.trial(pair).fate for name, pair in trials.items()} == {
        name: name for name in trials
    }
    stale = copy.trial(replace(CLAMPED, find="no such text"))
    assert (stale.fate, stale.words.split(":")[0]) == ("error", CLAMPED.breaks)
    gone = copy.trial(replace(CLAMPED, test="tests/unit/dispatch/test_retry.py::test_gone"))
    assert gone.fate == "error"


@pytest.mark.slow
def test_a_mutant_lives_in_a_copy_and_is_taken_back(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    before = CLAMPED.path(ROOT).read_text()
    copy.trial(CLAMPED)
    assert CLAMPED.path(ROOT).read_text() == before
    assert CLAMPED.path(tmp_path / "tree").read_text() == before
