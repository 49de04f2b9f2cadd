"""One order, several events: what counts."""

from collections.abc import Sequence

import pytest

from relay.comparison.order_book import Found, Known
from relay.comparison.order_file import ShopOrder
from relay.comparison.verdict import Verdict, verdicts
from relay.journal.find.standing import Standing

DELIVERED = Standing("delivered", at_ms=5_000)
PENDING = Standing("pending")
DEAD = Standing("dead", "platform_rejected", "2804", "refused")
SKIPPED = Standing("skipped", "no_consent")
DUPLICATE = Standing("skipped", "duplicate")


def verdict(
    *standings: Standing | None, time_s: int | None = None, since_ms: int | None = None
) -> Verdict:
    """Return the verdict on an order with an event for each standing."""
    found: Sequence[Found] = [
        Found(f"event-{number}", number, None, None, [standing])
        for number, standing in enumerate(standings)
    ]
    order = ShopOrder(2, "A", time_s, None, "")
    [made] = verdicts(Known(order, iter(found)), 1, since_ms, all_read=True)
    return made


@pytest.mark.parametrize(
    ("standings", "state", "reason"),
    [
        ([DELIVERED], "delivered", None),
        ([DEAD, DELIVERED], "delivered", None),
        ([DELIVERED, DUPLICATE], "delivered", None),
        ([PENDING, DEAD], "pending", None),
        ([SKIPPED, DEAD], "dead", "platform_rejected"),
        ([DUPLICATE, SKIPPED], "skipped", "no_consent"),
        ([DUPLICATE], "skipped", "duplicate"),
        ([None, DEAD], "dead", "platform_rejected"),
        ([None], "unknown", "not_served_then"),
        ([], "unknown", "not_received"),
    ],
)
def test_the_best_news_counts(
    standings: Sequence[Standing | None], state: str, reason: str | None
) -> None:
    made = verdict(*standings, since_ms=0)
    assert (made.state, made.reason) == (state, reason)


@pytest.mark.parametrize("since_ms", [1, None], ids=["younger ones are kept", "nothing is kept"])
def test_what_became_of_a_purchase_that_the_log_has_forgotten_is_unknown(
    since_ms: int | None,
) -> None:
    """A dead letter tells of it, and nothing of where it was delivered: that is no proof."""
    made = verdict(None, None, since_ms=since_ms)
    assert (made.state, made.reason) == ("unknown", "before_journal")
    assert verdict(None, DEAD, since_ms=since_ms).state == "dead"


def test_nothing_is_called_missing_while_an_event_cannot_be_read() -> None:
    """It may be the very purchase. Of what was found or is too old, as much is known as before."""
    order = ShopOrder(2, "A", 5, None, "")

    def reason(since_ms: int, *found: Found) -> str | None:
        [made] = verdicts(Known(order, iter(found)), 1, since_ms, all_read=False)
        return made.reason

    assert reason(0) == "unreadable"
    assert reason(5_001) == "before_journal"
    assert reason(0, Found("event", 5, None, None, [None])) == "not_served_then"
    assert reason(0, Found("event", 5, None, None, [SKIPPED])) == "no_consent"


def test_a_repeated_event_is_no_second_delivery_and_another_id_is() -> None:
    assert verdict(DELIVERED, DUPLICATE, DUPLICATE).deliveries == 1
    assert verdict(DELIVERED, DELIVERED).deliveries == 2


def test_an_event_that_was_delivered_again_under_its_id_is_no_second_delivery() -> None:
    """It came after the duplicate window; the platform itself drops it."""
    found = [Found("event-1", number, None, None, [DELIVERED]) for number in (1, 2)]
    [made] = verdicts(Known(ShopOrder(2, "A", None, None, ""), iter(found)), 1, None, all_read=True)
    assert made.deliveries == 1


def test_a_verdict_tells_which_event_it_rests_on_and_when_it_was_delivered() -> None:
    made = verdict(DEAD, DELIVERED)
    assert made.purchase is not None
    assert (made.purchase.event_id, made.delivered_ms) == ("event-1", 5_000)


@pytest.mark.parametrize(
    ("time_s", "since_ms", "reason"),
    [
        (99, 100_000, "before_journal"),
        (100, 100_000, "not_received"),
        (None, 100_000, "not_received"),
        (99, None, "not_received"),
    ],
)
def test_silence_about_what_may_be_forgotten_is_told_apart(
    time_s: int | None, since_ms: int | None, reason: str
) -> None:
    assert verdict(time_s=time_s, since_ms=since_ms).reason == reason
