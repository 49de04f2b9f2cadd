"""How many connections fit into the system's limits of open files."""

from resource import RLIM_INFINITY

import pytest

from relay.admin import connection as admin
from relay.app.descriptor import RESERVED, plan
from relay.sources import port
from relay.sources.connections import MAX_REFUSED


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


def test_a_crowd_at_both_ports_leaves_files_for_deliveries() -> None:
    """What was accepted in the last two turns of the loop is not closed yet."""
    accepted = 2 * (port.ACCEPTED_AT_ONCE + admin.ACCEPTED_AT_ONCE)

    assert MAX_REFUSED + admin.MAX_CONNECTIONS + accepted <= RESERVED * 2 // 3
