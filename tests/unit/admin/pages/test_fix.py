"""How much mending may bring, in words."""

from relay.admin.pages.fix import gain


def test_a_gain_is_told_in_three_words() -> None:
    assert [gain(share) for share in (1.0, 0.25, 0.2, 0.05, 0.04, 0.0)] == [
        *("Much to gain", "Much to gain"),
        *("Something to gain", "Something to gain"),
        *("A little to gain", "A little to gain"),
    ]
