"""Every credential mistake that a platform can answer with names the screen where it is mended."""

import pytest

from relay.delivery import PauseReason
from relay.destinations.pinterest import answer_case
from relay.destinations.pinterest import screen as pinterest
from relay.destinations.tiktok import answer_code
from relay.destinations.tiktok import screen as tiktok

OWN_SETTINGS = {None, "request_refused"}


def pinterest_reasons() -> set[PauseReason | None]:
    cases = (*answer_case.CASES.values(), answer_case.SCOPE_MISSING)
    return {case.pause for case in cases}


def tiktok_reasons() -> set[PauseReason | None]:
    rows = (*answer_code.BY_CODE, *answer_code.BY_STATUS)
    return {row.pause for row in rows} | {"pixel_not_found"}


def test_pinterest_has_a_screen_for_each_of_its_answers() -> None:
    missing = pinterest_reasons() - pinterest.FIXES.keys() - OWN_SETTINGS

    assert missing == set()
    assert all("Ads Manager" in fix for fix in pinterest.FIXES.values())


def test_tiktok_has_a_screen_for_each_of_its_answers() -> None:
    missing = tiktok_reasons() - tiktok.FIXES.keys() - OWN_SETTINGS

    assert missing == set()
    assert all("Events Manager" in fix for fix in tiktok.FIXES.values())


@pytest.mark.parametrize("fix", [*pinterest.FIXES.values(), *tiktok.FIXES.values()])
def test_a_fix_is_whole_sentences(fix: str) -> None:
    assert fix[0].isupper()
    assert fix.endswith(".")
    assert "  " not in fix
