"""A made-up day of a shop: each planted mistake is found, counted once, and nothing else."""

import io
import tempfile
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.comparison.dedup import check
from relay.comparison.dedup_result import DedupResult
from relay.comparison.pixel_file import PixelFile
from relay.config import PinterestConfig, TikTokConfig
from relay.conversion import Order
from relay.destinations import discover
from relay.event_name import Lane
from relay.journal.codec import entry_of
from relay.journal.entry import Passed
from tests.given.event.builders import NOW_S, conversion
from tests.given.journal.memory import memory
from tests.given.journal.seed import DESTINATIONS, PINTEREST, TIKTOK, Seed, new_journal

TYPES: Final = discover()
BUILT: Final = [
    TYPES["pinterest"].build(PINTEREST, PinterestConfig(ad_account_id="0")),
    TYPES["tiktok"].build(TIKTOK, TikTokConfig(pixel_code="0")),
]
PLATFORMS: Final = ["pinterest", "tiktok", *DESTINATIONS]
APART_S: Final = 60
"""Between two sales, so that none is taken for another because of its time."""
SENT_AFTER_S: Final = 3
HEADER: Final = "event_id,event_name,time,order_id,platform"
SKIPPED: Final = dict.fromkeys(DESTINATIONS, Passed("skipped", "no_consent"))

# What happens to a sale → the fate of the server's event at Pinterest and at TikTok.
EXPECTED: Final = {
    "fine": ("once", "once"),
    "server only": ("alone", "alone"),
    "browser only": (None, None),
    "not sent": (None, None),
    "other id": ("id_differs", "id_differs"),
    "old name": ("once", "name_differs"),
    "long ago": ("window_passed", "window_passed"),
    "one pixel": ("once", "alone"),
}
KINDS = st.sampled_from(sorted(EXPECTED))


def lines_of(number: int, kind: str) -> list[str]:
    """Return what the browser has sent of a sale."""
    at_s = NOW_S + number * APART_S - (49 * 3_600 if kind == "long ago" else 0)
    event_id = f"b{number}x" if kind == "other id" else f"s{number}"
    tiktok = "CompletePayment" if kind == "old name" else "Purchase"
    tail = f"{at_s},{number}"
    both = [f"{event_id},checkout,{tail},pinterest", f"{event_id},{tiktok},{tail},tiktok"]
    return {"server only": [], "one pixel": both[:1]}.get(kind, both)


def write(path: Path, kinds: Sequence[str]) -> None:
    """Write the journal of a relay that delivered every sale within seconds."""
    with new_journal(path) as connection:
        seed = Seed(connection)
        count = 0
        for number, kind in enumerate(kinds):
            if kind == "browser only":
                continue
            at_s = NOW_S + number * APART_S
            order = Order(Decimal(5), "EUR", str(number))
            event = conversion(f"s{number}", event_time=at_s, received_ms=at_s * 1000, order=order)
            place = seed.group(entry_of(event, SKIPPED if kind == "not sent" else {}))
            count += 1
            for name in DESTINATIONS if kind != "not sent" else ():
                seed.receipt(name, place, place.offset, at_ms=(at_s + SENT_AFTER_S) * 1000)
        for name in DESTINATIONS:
            seed.cursor(name, count)
            seed.cursor(name, 0, lane=Lane.OTHER)


def checked(kinds: Sequence[str]) -> DedupResult:
    # The first and the last line only open the time that the file covers.
    edges = [f"edge-{at},page_view,{NOW_S + at * APART_S * len(kinds)},," for at in (0, 1)]
    lines = [line for number, kind in enumerate(kinds) for line in lines_of(number, kind)]
    text = "\n".join([HEADER, *edges, *lines]) + "\n"
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        path = Path(folder, "relay.db")
        write(path, kinds)
        pixel = PixelFile(io.BytesIO(text.encode()), PLATFORMS, lambda _: None)
        return check(path, BUILT, pixel, NOW_S + 86_400, lambda *_: None)


@settings(max_examples=80)
@given(kinds=st.lists(KINDS, max_size=12))
def test_each_planted_mistake_is_found_and_nothing_else(kinds: Sequence[str]) -> None:
    found = checked(kinds)
    for at, each in enumerate(found.destinations):
        expected = Counter(fate for kind in kinds if (fate := EXPECTED[kind][at]))
        told: Counter[str] = Counter(once=each.once, alone=each.server_only)
        told.update({doubt.cause: doubt.events for doubt in each.doubts})
        assert +told == expected
        assert each.outside == 0
    twice = any(each.twice for each in found.destinations)
    assert found.sound != twice
    browser_only = {each.event: each.events for each in found.browser_only}
    assert browser_only.get("purchase", 0) == 2 * kinds.count("browser only")
    assert browser_only["page_view"] == 2
