"""Every credential mistake that a platform can answer with names the screen where it is mended."""

from collections.abc import Mapping

import pytest

from relay.delivery import PauseReason
from relay.destinations.pinterest import answer_case
from relay.destinations.pinterest import fix as pinterest
from relay.destinations.tiktok import answer_code
from relay.destinations.tiktok import fix as tiktok
from relay.outcome.wording import PAUSED

OWN_SETTINGS = {None, "request_refused"}
GENERAL = {reason: each.fix for reason, each in PAUSED.items()}


def pinterest_reasons() -> set[PauseReason | None]:
    cases = (*answer_case.CASES.values(), answer_case.SCOPE_MISSING)
    return {case.pause for case in cases}


def tiktok_reasons() -> set[PauseReason | None]:
    rows = (*answer_code.BY_CODE, *answer_code.BY_STATUS)
    return {row.pause for row in rows} | {"pixel_not_found"}


def test_pinterest_has_a_fix_for_each_of_its_answers() -> None:
    missing = pinterest_reasons() - pinterest.FIXES.keys() - OWN_SETTINGS

    assert missing == set()
    assert all("Ads Manager" in fix for fix in pinterest.FIXES.values())


def test_tiktok_has_a_fix_for_each_of_its_answers() -> None:
    missing = tiktok_reasons() - tiktok.FIXES.keys() - OWN_SETTINGS

    assert missing == set()
    assert all("Events Manager" in fix for fix in tiktok.FIXES.values())


@pytest.mark.parametrize("fixes", [pinterest.FIXES, tiktok.FIXES, GENERAL])
@pytest.mark.parametrize("reason", ["token_missing", "token_rejected", "token_expired"])
def test_a_new_token_is_put_in_place_by_whoever_runs_the_relay(
    fixes: Mapping[PauseReason, str], reason: PauseReason
) -> None:
    """Who makes a token has no hand on the machine, and a variable is read only at a start."""
    assert "Whoever runs this relay puts it" in fixes[reason]
    assert "an environment variable after a restart" in fixes[reason]


@pytest.mark.parametrize("fixes", [pinterest.FIXES, GENERAL])
def test_an_id_is_corrected_by_whoever_runs_the_relay(fixes: Mapping[PauseReason, str]) -> None:
    assert "Whoever runs this relay changes it" in fixes["account_not_found"]


@pytest.mark.parametrize("fix", [*pinterest.FIXES.values(), *tiktok.FIXES.values()])
def test_a_fix_is_whole_sentences(fix: str) -> None:
    assert fix[0].isupper()
    assert fix.endswith(".")
    assert "  " not in fix
