"""A producer key as it is shown: without its digest, with its uses."""

from relay.journal.report import KeyUse
from relay.keys.record import Key
from relay.outcome.notation import utc
from relay.outcome.views.api import KeyView


def key_view(key: Key, used: KeyUse | None, now_s: float) -> KeyView:
    """Return the view of a key; `used` is None if it was never used."""
    uses, most = 0 if used is None else used.uses, key.limits.max_uses
    return KeyView(
        name=key.name,
        key=key.key,
        state="revoked" if key.revoked_at else "good" if key.usable(now_s) else "expired",
        scopes=key.limits.scopes,
        max_uses=most,
        rate_per_s=key.limits.rate_per_s,
        destinations=key.limits.destinations,
        created_at=utc(key.created_at),
        expires_at=None if key.expires_at is None else utc(key.expires_at),
        uses=uses,
        uses_left=None if most is None else max(0, most - uses),
        last_used_at=None if used is None else utc(used.last_used_ms / 1000),
    )
