"""What each of those who tell figures says: the API, the metrics, the command line, the page."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from tests.ui.browser import Browser
from tests.ui.sales import PINTEREST, TIKTOK, Figures

COUNTS: Final = ("received", "skipped", "pending", "delivered", "dead")
LABELS: Final = {PINTEREST: "Pinterest", TIKTOK: "TikTok"}
_OF_METRICS: Final[Mapping[str, Sequence[str]]] = {
    "relay_events_received": ("received",),
    "relay_events_rejected": ("rejected", "rejected {code}"),
    "relay_events_accepted": ("{destination} received",),
    "relay_events_pending": ("{destination} pending",),
    "relay_events_replayed": ("{destination} replayed",),
    "relay_events_skipped": ("{destination} skipped", "{destination} skipped {reason}"),
    "relay_events_dead": ("{destination} dead", "{destination} ended {reason}"),
    "relay_events_delivered": ("{destination} delivered", "{destination} delivered {event}"),
    "relay_value_delivered": ("{destination} value {currency}",),
}
"""Which of the figures a sample is a part of."""


def of_api(admin: str, path: str) -> Figures:
    """Return what the funnels of a range say, or those since the beginning."""
    found = _json(f"{admin}/api/v1/{path}")
    whole = {key: str(found[key]) for key in ("received", "rejected") if key in found}
    return whole | dict(_of_views(found["destinations"]))


def _of_views(views: Any) -> Iterator[tuple[str, str]]:
    for view in views:
        for count in COUNTS:
            yield f"{view['name']} {count}", str(view[count])
        for kind, key in (("value", "value_delivered"), ("at risk", "money_at_risk")):
            for currency, value in view[key].items():
                yield f"{view['name']} {kind} {currency}", value


def of_lists(admin: str) -> Figures:
    """Return what the lists of the API say: what was refused, and what is dead."""
    refused = [each["code"] for each in _json(f"{admin}/api/v1/rejections")["rejections"]]
    dead = {
        f"{name} dead": str(_json(f"{admin}/api/v1/dead-letters?destination={name}")["total"])
        for name in LABELS
    }
    by_code = {f"rejected {code}": str(refused.count(code)) for code in set(refused)}
    return {"rejected": str(len(refused)), **by_code, **dead}


def of_metrics(admin: str) -> Figures:
    """Return what a scrape says; what was replayed is dead no more."""
    with urlopen(f"{admin}/metrics") as answer:
        families = text_string_to_metric_families(answer.read().decode())
    sums: dict[str, float] = {}
    for family in families:
        for sample in family.samples:
            for form in _OF_METRICS.get(family.name, ()):
                key = form.format(**sample.labels)
                sums[key] = sums.get(key, 0) + sample.value
    for name in LABELS:
        sums[f"{name} dead"] -= sums[f"{name} replayed"]
    return {
        key: f"{value:.2f}" if " value " in key else f"{value:.0f}"
        for key, value in sums.items()
        if value or key.split()[-1] in COUNTS or key.endswith("replayed")
    }


def of_status(folder: Path) -> Figures:
    """Return what `relay status` prints for people."""
    text = _status(folder)
    head = re.search(r"([\d,]+) received, ([\d,]+) not usable", text)
    assert head, text
    found = {"received": head[1], "rejected": head[2]}
    for name in LABELS:
        row = re.search(rf"{name}\s+([\d,]+)\s+([\d,]+)\s+([\d,]+)\s+([\d,]+)\s+([\d,]+)", text)
        assert row, text
        found |= {
            f"{name} {count}": figure for count, figure in zip(COUNTS, row.groups(), strict=True)
        }
    risk = re.search(rf"{TIKTOK}: what waits is kept, purchases worth ([\d.]+) (\w+)", text)
    assert risk, text
    return found | {f"{TIKTOK} at risk {risk[2]}": risk[1]}


def of_status_as_json(folder: Path) -> Figures:
    """Return what `relay status --json` prints."""
    found = msgspec.json.decode(_status(folder, "--json"))
    whole = {key: str(found[key]) for key in ("received", "rejected")}
    return whole | dict(_of_views(found["destinations"]))


def _status(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "relay", "status", *options, "-c", "relay.toml"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True).stdout


def of_overview(screen: Browser, admin: str) -> Figures:
    """Return what the overview says."""
    screen.open(admin)
    found = {
        "received": _figure(r"([\d,]+) conversions came in", screen.words),
        "rejected": _figure(r"([\d,]+) events were not usable", screen.words),
        f"{TIKTOK} at risk USD": _figure(
            r"6 purchases worth ([\d.,]+) USD are waiting for TikTok", screen.words
        ),
    }
    for name, label in LABELS.items():
        cells = screen.cells(f"//tr[th[starts-with(normalize-space(), '{label}')]]/td")
        found |= {f"{name} {count}": cell for count, cell in zip(COUNTS, cells, strict=True)}
        for money in screen.cells(f"//li[.//h3='{label}']//dt[.='Purchases delivered']/../dd"):
            value, _, currency = money.partition(" ")
            found[f"{name} value {currency}"] = value
    return found


def of_destinations(screen: Browser, admin: str) -> Figures:
    """Return what the screens of the destinations say."""
    found: dict[str, str] = {}
    for name in LABELS:
        screen.open(f"{admin}/destinations/{name}")
        figures = screen.cells("//dl[@class='numbers']//dd")
        order = ("received", "delivered", "pending", "dead", "skipped")
        found |= {f"{name} {count}": figure for count, figure in zip(order, figures, strict=True)}
        for kind, label in (("purchase", "Purchase"), ("add_to_cart", "Add to cart")):
            [cell] = screen.cells(
                f"//section[@aria-labelledby='kinds']//tr[th='{label}']/td[@data-label='Delivered']"
            )
            found[f"{name} delivered {kind}"] = cell
    return found


def of_on_call(screen: Browser, admin: str) -> Figures:
    """Return what the screen for those on call says."""
    screen.open(f"{admin}/on-call")
    found: dict[str, str] = {}
    for name in LABELS:
        fact = f"//article[@aria-label='{name}']//dt[starts-with(., '{{}}')]/../dd"
        [ended] = screen.cells(fact.format("Ended undelivered"))
        [skipped] = screen.cells(fact.format("Skipped"))
        [delivered] = screen.cells(fact.format("Delivered"))
        [found[f"{name} pending"]] = screen.cells(fact.format("Pending"))
        [found[f"{name} replayed"]] = screen.cells(fact.format("Replayed"))
        found[f"{name} delivered"], _, found[f"{name} received"] = delivered.partition(" of ")
        for kind, text in (("ended", ended), ("skipped", skipped)):
            for reason, count in re.findall(r"(\w+) ([\d,]+)", text):
                found[f"{name} {kind} {reason}"] = count
    return found


def of_groups(screen: Browser, admin: str) -> Figures:
    """Return how many the screen of what was not delivered counts, by destination."""
    found = {}
    for name in LABELS:
        screen.open(f"{admin}/undelivered?destination={name}")
        counts = [
            int(each.split()[0]) for each in screen.cells("//li//h2/following::p[1]/strong[1]")
        ]
        found[f"{name} dead"] = str(sum(counts))
    return found


def _figure(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in {text}"
    return found[1]


def _json(url: str) -> Any:
    with urlopen(url) as answer:
        return msgspec.json.decode(answer.read())
