"""A producer key as it is shown: what ended it, and what is left of its uses."""

from relay.journal.report import KeyUse
from relay.keys.record import Key, Limits
from relay.outcome.views.key import key_view
from tests.given.event.builders import NOW_S


def key(*, expires_at: int | None = None, revoked_at: int | None = None) -> Key:
    return Key(
        key="k",
        name="shop",
        digest="",
        limits=Limits(max_uses=1),
        created_at=NOW_S,
        expires_at=expires_at,
        revoked_at=revoked_at,
        uses_of="k",
    )


def test_it_tells_what_ended_a_key() -> None:
    shown = [
        key_view(each, None, NOW_S)
        for each in (
            key(expires_at=NOW_S + 1),
            key(expires_at=NOW_S),
            key(expires_at=NOW_S, revoked_at=NOW_S),
        )
    ]
    assert [each.state for each in shown] == ["good", "expired", "revoked"]
    assert shown[1].expires_at == "2026-01-01T00:00:00.000Z"


def test_of_a_key_that_was_used_too_often_no_use_is_left() -> None:
    shown = key_view(key(), KeyUse(uses=2, last_used_ms=NOW_S * 1000), NOW_S)
    assert (shown.uses, shown.uses_left) == (2, 0)
