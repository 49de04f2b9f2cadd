"""The pairs of promises and tests fit the code, the documents and one another.

Whether each mutant is found is tried by `make mutants`, which takes minutes.
"""

import re

import pytest

from tests.mutants.pair import ROOT, Pair, Stale, pairs, promises, table

BREAKS = [pytest.param(each, id=each.breaks) for each in pairs()]


@pytest.mark.parametrize("pair", BREAKS)
def test_a_mutant_still_fits_the_code(pair: Pair) -> None:
    changed = pair.mutated()
    assert changed != pair.path().read_text()
    compile(changed, pair.file, "exec")


@pytest.mark.parametrize("pair", BREAKS)
def test_the_test_of_a_mutant_exists(pair: Pair) -> None:
    file, _, name = pair.test.partition("::")
    assert re.search(rf"def {name or 'test_'}", (ROOT / file).read_text())


def test_every_promise_is_broken_by_a_mutant_and_no_mutant_breaks_another_one() -> None:
    assert [*dict.fromkeys(each.promise for each in pairs())] == promises()


def test_no_two_mutants_do_the_same() -> None:
    assert len({each.breaks for each in pairs()}) == len(pairs())


def test_contributing_lists_the_pairs() -> None:
    """`python -m tests.mutants --list` prints the table."""
    assert table(pairs()) in (ROOT / "CONTRIBUTING.md").read_text()


def test_a_text_that_has_moved_on_is_an_error_that_names_the_mutant() -> None:
    gone = Pair("P", "something is broken", "relay/errors.py", "no such text", "", "t")
    with pytest.raises(Stale, match="something is broken: the text stands 0 times"):
        gone.mutated()
