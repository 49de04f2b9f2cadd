"""Who is let in, and how often."""

import pytest

from relay.sandbox.budget import MAX_ACCOUNTS, Budget, Standing
from relay.sandbox.credential import Gate
from tests.unit.sandbox.sender import Clock


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        ("pina_AEAbadAEB0", None),
        ("notbad", None),
        ("bad", "wrong"),
        ("pina_BAD_1", "wrong"),
        ("my-revoked-token", "wrong"),
        ("pina_expired", "expired"),
        ("forbidden", "forbidden"),
        ("pina-unscoped", "unscoped"),
        (None, "missing"),
        ("", "missing"),
        ("with blank", "wrong"),
        ("schön", "wrong"),
        ("x" * 4_097, "wrong"),
    ],
)
def test_a_word_in_a_token_says_what_is_wrong_with_it(token: str | None, fault: str | None) -> None:
    """So a shop tries each credential fault by its configuration alone."""
    assert Gate().token_fault(token) == fault


def test_with_a_list_only_its_tokens_are_good() -> None:
    gate = Gate(tokens=["bad-but-listed"])
    assert gate.token_fault("bad-but-listed") is None
    assert gate.token_fault("another") == "wrong"


def test_a_token_can_lapse_while_others_stay_good() -> None:
    gate = Gate()
    gate.lapse("old")
    assert gate.token_fault("old") == "expired"
    assert gate.token_fault("new") is None


def test_no_token_can_be_read_from_a_gate() -> None:
    assert "s3cret" not in repr(vars(Gate(tokens=["s3cret"])))


def test_accounts_are_known_by_list_or_by_how_they_begin() -> None:
    assert Gate().knows("549755885175")
    assert not Gate().knows("404755885175")
    assert not Gate().knows("UNKNOWNPIXEL")
    assert Gate(accounts=["404"]).knows("404")
    assert not Gate(accounts=["404"]).knows("549755885175")


def test_a_budget_is_over_from_the_next_request_on_until_its_window_ends() -> None:
    clock = Clock(100)
    budget = Budget(2, 60, clock)
    assert budget.take("a") == Standing(1, 60)
    clock.now_s += 30.5
    assert not budget.take("a").is_over
    assert budget.take("a") == Standing(-1, 30)
    assert budget.take("a").is_over
    assert not budget.take("b").is_over
    clock.now_s += 29.5
    assert budget.take("a") == Standing(1, 60)


def test_a_budget_forgets_the_account_counted_longest_when_there_are_too_many() -> None:
    budget = Budget(1, 60, Clock())
    for number in range(MAX_ACCOUNTS + 1):
        budget.take(str(number))
    assert not budget.take("0").is_over
    assert budget.take(str(MAX_ACCOUNTS)).is_over
