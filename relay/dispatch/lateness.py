"""Warns of events that a platform accepted so late that it may count or file them wrongly.

The limits are the platform's own (`Limits`). A delivered event may be counted twice

- if its browser twin, which was sent when it happened, is out of the deduplication window; or
- if an earlier request with an unknown outcome may have delivered it, and the platform no longer
  compares the two, or never does.

A web or app event may be filed as an offline one. No event is held back for that: a late conversion
is worth more than none, so it is sent, and the warning is counted.

Earlier requests with an unknown outcome are remembered until a restart; for an event with a row of
its own, as long as the row exists.
"""

from collections.abc import Iterator, Sequence

from relay.delivery import LateCode, Limits
from relay.dispatch.batch import Batch
from relay.journal.entry import Pending


def late_codes(
    batch: Batch, delivered: Sequence[Pending], limits: Limits, sent_at: float, unknown_at: float
) -> list[LateCode]:
    """Return the warning codes of all `delivered` events, which were sent at `sent_at`.

    `unknown_at` is the batch's, by the same clock as `sent_at`. The check costs next to nothing for
    a batch of recent events that is sent for the first time.
    """
    nearest_s = min(limits.online_wall_s, limits.deduplication_window_s)
    known = unknown_at > sent_at
    if not delivered or (known and sent_at - batch.happened_at() <= nearest_s):
        return []
    return [code for each in delivered for code in _codes(each, limits, sent_at, unknown_at)]


def _codes(
    pending: Pending, limits: Limits, sent_at: float, unknown_at: float
) -> Iterator[LateCode]:
    event = pending.entry
    source, age_s = event.action_source, sent_at - event.event_time
    window_s = 0.0 if source in limits.undeduplicated else limits.deduplication_window_s
    if pending.attempts and window_s:
        unknown_at = min(unknown_at, event.received_ms / 1000)
    twin_missed = source == "web" and age_s > window_s
    if twin_missed or sent_at - unknown_at > window_s:
        yield "may_count_twice"
    if age_s > limits.online_wall_s and source not in {"offline", "crm"}:
        yield "may_be_offline"
