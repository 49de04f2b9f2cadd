"""How large a core dump may be: nothing at all, as far as a process may say so."""

from resource import RLIM_INFINITY

import pytest

from relay.app.core_dump import least


@pytest.mark.parametrize(("hard", "limit"), [(RLIM_INFINITY, 1), (65_536, 1), (1, 1), (0, 0)])
def test_no_limit_is_above_the_hard_one_and_none_leaves_room_for_a_dump(
    hard: int, limit: int
) -> None:
    assert least(hard) == limit
