"""How many connections fit into the system's limits of open files."""

from resource import RLIM_INFINITY

import pytest

from relay.app.descriptor import RESERVED, plan


@pytest.mark.parametrize(
    ("soft", "hard", "limit", "connections"),
    [
        (1024, 524_288, 1024 + RESERVED, 1024),
        (1024, RLIM_INFINITY, 1024 + RESERVED, 1024),
        (1024, 1024, 1024, 1024 - RESERVED),
        (64, 256, 256, 128),
        (1, 1, 1, 1),
        (65_536, 65_536, 65_536, 1024),
        (RLIM_INFINITY, RLIM_INFINITY, RLIM_INFINITY, 1024),
    ],
)
def test_the_limit_is_raised_as_far_as_need_be_and_else_connections_are_fewer(
    soft: int, hard: int, limit: int, connections: int
) -> None:
    assert plan(1024, soft, hard) == (limit, connections)
