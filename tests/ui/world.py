"""Relays in the states that a page can find one in, seeded without waiting for any of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from relay.conversion import Order
from relay.destinations.pinterest import fix as pinterest_fix
from relay.destinations.tiktok import fix as tiktok_fix
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Passed, Rejection
from relay.journal.letter import DeadFilter
from relay.journal.settlement import Dead, Receipt, Retry, Settlement
from relay.metrics import FORMS
from relay.outcome.health import Health
from relay.outcome.probe import Probe
from relay.outcome.views.source import KafkaSourceView, OutcomesView, SourcesView
from tests.given.event.builders import NOW_S, conversion
from tests.given.port.admin import PINTEREST, TIKTOK, AdminPort
from tests.ui.history import history

HOSTILE: Final = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
"""Runs if anything of it is taken for HTML."""
LONG: Final = "x" * 240
KAFKA: Final = KafkaSourceView(
    state="held",
    message="The journal takes no more: partitions are paused until there is room.",
    since=datetime.fromtimestamp(NOW_S - 300, UTC),
    group_id="relay",
    topics=["conversions"],
    missing_topics=["returns"],
    assignment=[],
    last_commit=datetime.fromtimestamp(NOW_S - 310, UTC),
    tombstones=2,
)
OUTCOMES: Final = OutcomesView(
    state="active", message="", topic="relay.outcomes", published=900, waiting=3, lost=0
)

Fill = Callable[[AdminPort], Awaitable[None]]


async def nothing(port: AdminPort) -> None:
    """Leave a relay as it is after its first start."""
    dress(port)


async def busy(port: AdminPort) -> None:
    """Fill a day at a shop where all is well."""
    dress(port)
    history(port)
    measure(port)
    await deliveries(port)


async def troubled(port: AdminPort) -> None:
    """Fill a day on which a token lapsed, a platform refused, and a shop sent nonsense."""
    dress(port)
    history(port)
    measure(port)
    await deliveries(port)
    await refusals(port)
    await waiting(port)
    port.destinations[0].test = True
    port.sources = SourcesView(kafka=KAFKA, outcomes=OUTCOMES)
    port.metrics.kafka_lag.labels("conversions", "0").set(1_240)
    port.switch.health[TIKTOK] = Health(
        "paused", "token_expired", "The access token has expired.", NOW_S - 1_260.0, None
    )


async def hostile(port: AdminPort) -> None:
    """Fill every place that shows words from outside with words that try to get out."""
    dress(port)
    await port.take(HOSTILE, f"{HOSTILE}-kind"[:100])
    await port.take(LONG)
    await die(port, HOSTILE, code=HOSTILE[:40], message=HOSTILE)
    await die(port, f"{LONG}-dead", message=LONG)
    rejection = Rejection(NOW_S * 1000, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    await port.journal.append([], [rejection])
    long = Rejection(NOW_S * 1000, "http", LONG, LONG, "missing", LONG, LONG)
    await port.journal.append([], [long])
    port.switch.health[PINTEREST] = Health("degraded", None, HOSTILE, float(NOW_S), None)
    await die(port, "dismissed", code="x", message=HOSTILE)
    await port.journal.drop(DeadFilter(code="x"), note=HOSTILE, dry_run=False)
    named = {"message": HOSTILE, "topics": [HOSTILE, LONG], "group_id": LONG}
    port.sources = SourcesView(
        kafka=msgspec.structs.replace(KAFKA, missing_topics=[HOSTILE], **named),
        outcomes=msgspec.structs.replace(OUTCOMES, topic=LONG, message=HOSTILE),
    )
    port.metrics.kafka_lag.labels(HOSTILE, HOSTILE).set(1)
    port.probes = [Probe(TIKTOK, HOSTILE, "wrong", None, f"{HOSTILE}{LONG}")]


def dress(port: AdminPort) -> None:
    """Make the destinations look like those of the two platforms."""
    for each in port.destinations:
        each.type = each.name.partition("-")[0]
        click_id = {"pinterest": "epik", "tiktok": "ttclid"}[each.type]
        each.identifier_keys = {**dict.fromkeys((*_CARRIED, click_id), ""), "email": "em"}
        each.fixes = {"pinterest": pinterest_fix.FIXES, "tiktok": tiktok_fix.FIXES}[each.type]


def measure(port: AdminPort) -> None:
    """Have the instruments show a day of requests."""
    for name, typical_s in ((PINTEREST, 2.0), (TIKTOK, 8.0)):
        port.metrics.expect(name)
        port.metrics.delivery_seconds.observe(typical_s, name, count=900)
        port.metrics.request_seconds.observe(0.2, name, count=880)
        port.metrics.request_seconds.observe(1.5, name, count=20)
        port.metrics.requests.add(name, "ok", count=880)
        port.metrics.requests.add(name, "transient", count=20)
    for each in port.destinations:
        port.metrics.identifiers.expect(each.name, each.identifier_keys)
    both = (PINTEREST, TIKTOK)
    for kind, count, carried in (
        ("view_content", 640, "email ip user_agent"),
        ("add_to_cart", 210, "email phone ip ttclid epik"),
        ("purchase", 140, "email phone ip user_agent ttclid epik external_id"),
        ("purchase", 10, "ip"),
    ):
        presence = sum(1 << at for at, name in enumerate(FORMS) if name in carried.split())
        port.metrics.identifiers.add_events([(both, presence, kind)] * count)
    port.metrics.journal_append_seconds.observe(0.004, count=900)
    port.metrics.ingest_seconds.observe(0.02, count=900)


def order(value: str, order_id: str) -> Order:
    """Return an order."""
    return Order(value=Decimal(value), currency="USD", order_id=order_id)


async def put(
    port: AdminPort, event_id: str, event: str = "purchase", ago_s: int = 600, **passed: Passed
) -> None:
    """Accept an event that came a while ago."""
    value = order("84.90", f"shop-{event_id}") if event == "purchase" else None
    moment = NOW_S - ago_s
    one = conversion(event_id, event, event_time=moment, received_ms=moment * 1000, order=value)
    ends = {f"{name}-main": end for name, end in passed.items()}
    await port.journal.append([entry_of(one, ends, {})])


async def deliveries(port: AdminPort) -> None:
    """Deliver a few events whose ids are known."""
    await put(port, "order-1001", ago_s=900)
    for name in (PINTEREST, TIKTOK):
        receipt = Receipt(
            at_ms=(NOW_S - 95) * 1000,
            duration_ms=210,
            outcome="ok",
            http_status=200,
            code="0" if name == TIKTOK else "",
            request_id="2026010100-8f6c",
        )
        await port.deliver(name, receipt)


async def refusals(port: AdminPort) -> None:
    """Have a platform refuse some, and the relay some more on arrival."""
    for number in range(12):
        await die(
            port,
            f"order-20{number:02}",
            code="40002",
            message="Invalid value for properties.currency",
        )
    lacking = Passed("dead", "invalid_event", "page.url: TikTok needs the address of the page")
    for number in range(3):
        await put(
            port,
            f"view-30{number:02}",
            "view_content",
            ago_s=3_000,
            tiktok=lacking,
            pinterest=Passed("skipped", "not_selected"),
        )
    found = [
        Rejection(
            (NOW_S - 60 * at) * 1000, "http", "shop-key", f"order-{4000 + at}", code, path, message
        )
        for at in range(70)
        for code, path, message in [_NONSENSE[at % len(_NONSENSE)]]
    ]
    await port.journal.append([], found)


async def die(port: AdminPort, event_id: str, *, code: str = "", message: str = "") -> None:
    """Have TikTok refuse one event."""
    await put(port, event_id, ago_s=2_400, pinterest=Passed("skipped", "not_selected"))
    start = port.journal.cursor(TIKTOK, Lane.MONEY)
    chunk = await port.journal.read(TIKTOK, Lane.MONEY, start, 1_000)
    receipt = Receipt(
        at_ms=(NOW_S - 2_300) * 1000,
        duration_ms=90,
        outcome="invalid",
        http_status=200,
        code=code,
        message=message,
        request_id=HOSTILE if message == HOSTILE else "2026010100-77aa",
    )
    dead = [Dead(each, "platform_rejected", code, message) for each in chunk.pending]
    await port.journal.settle(TIKTOK, Settlement(receipt=receipt, dead=dead))


async def waiting(port: AdminPort) -> None:
    """Leave purchases waiting for TikTok, one of them after a try."""
    for number in range(37):
        await put(port, f"order-50{number:02}", ago_s=1_200 - 20 * number)
    chunk = await port.journal.read(
        PINTEREST, Lane.MONEY, port.journal.cursor(PINTEREST, Lane.MONEY), 1_000
    )
    ok = Receipt(at_ms=(NOW_S - 20) * 1000, duration_ms=140, outcome="ok", http_status=200)
    await port.journal.settle(PINTEREST, Settlement(receipt=ok, delivered=chunk.pending))
    start = port.journal.cursor(TIKTOK, Lane.MONEY)
    first = (await port.journal.read(TIKTOK, Lane.MONEY, start, 1)).pending
    late = Receipt(
        at_ms=(NOW_S - 1_100) * 1000,
        duration_ms=10_000,
        outcome="transient",
        http_status=503,
        code="50000",
        message="System busy",
        request_id="2026010100-12cd",
    )
    retry = [Retry(each, (NOW_S + 60) * 1000, "50000", "System busy") for each in first]
    await port.journal.settle(TIKTOK, Settlement(receipt=late, retry=retry))


_CARRIED: Final = ("email", "phone", "external_id", "ip", "user_agent")
_NONSENSE: Final = (
    ("missing", "event_id", "Needed."),
    ("no_identifier", "user", "Needs at least one usable identifier."),
    ("wrong_type", "order.items[2].price", "Expected a number."),
)
