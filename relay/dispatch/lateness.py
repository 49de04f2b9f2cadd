"""What a platform may make of events that it took late; asked of delivered events only.

Each wall is the platform's own (`Limits`). An event may be counted twice

- if the platform no longer compares it with its browser twin, which came when it happened; or
- if an earlier request with an unknown outcome had brought it, and the platform compares the two no
  longer, or never does.

An event of the web or an app may be filed as an offline one. None is held back for that: a late
conversion is worth more than none, so it is sent, and counted.

Earlier requests of unknown outcome are remembered until a restart; for an event with a row of its
own, for as long as the row is there.
"""

from collections.abc import Iterator, Sequence

from relay.delivery import LateCode, Limits
from relay.dispatch.batch import Batch
from relay.journal.entry import Pending


def late_codes(
    batch: Batch, delivered: Sequence[Pending], limits: Limits, sent_at: float, unknown_at: float
) -> list[LateCode]:
    """Return a code for each thing that may happen to each of `delivered`, sent at `sent_at`.

    `unknown_at` is that of the batch, by the same clock as `sent_at`. It costs next to nothing for
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
