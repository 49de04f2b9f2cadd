"""The list of keys as people see it: each limit of a key, or that there is none."""

from collections.abc import Sequence

from relay.cli.keys.table import COLUMNS, listed_key, row
from relay.keys.record import Key, Limits

NOW_S = 1_767_225_600  # 2026-01-01


def shown(limits: Limits, expires_at: int | None = None) -> dict[str, str]:
    """Return the cells of a key that no running relay tells of."""
    key = Key(
        key="k",
        name="shop",
        digest="",
        limits=limits,
        created_at=NOW_S,
        expires_at=expires_at,
        uses_of="k",
    )
    cells: Sequence[object] = row(listed_key(key, {}, NOW_S))
    return dict(zip(COLUMNS, map(str, cells), strict=True))


def test_what_a_key_may_not_do_is_shown() -> None:
    limits = Limits(
        scopes=("events:write", "events:read"),
        max_uses=5_000,
        rate_per_s=2.5,
        destinations=("first", "second"),
    )
    assert shown(limits, NOW_S + 60) == {
        "Name": "shop",
        "Key": "k",
        "State": "good",
        "Scopes": "events:write events:read",
        "Uses": "-",
        "Left": "- of 5,000",
        "Last used (UTC)": "-",
        "Rate": "2.5/s",
        "Destinations": "first, second",
        "Expires (UTC)": "2026-01-01 00:01:00",
    }


def test_so_is_that_it_may_do_anything() -> None:
    cells = shown(Limits())
    assert [cells[name] for name in ("Left", "Rate", "Destinations", "Expires (UTC)")] == [
        *("any", "any", "all", "never")
    ]
