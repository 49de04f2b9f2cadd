"""A year of a large shop's orders, and of its pixel: a minute, and less than a browser tab.

A hundred thousand by default; `RELAY_TEST_ORDERS=1000000` for a million. Time is that of the
processor, since whatever else the machine does is not the command's fault.
"""

import csv
import json
import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.given.command.process import Shop, command, unmeasured
from tests.given.journal.order_history import GROUP, write_journal, write_orders, write_pixel
from tests.given.journal.seed import PINTEREST, TIKTOK

ORDERS: Final = int(os.environ.get("RELAY_TEST_ORDERS", "100000"))
MAX_S: Final = 60 * ORDERS / 1_000_000 + 3
MAX_MEMORY_BYTES: Final = 300 * 10**6
LOOK_S: Final = 0.02
TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


def run_and_measure(shop: Shop, *arguments: str) -> tuple[int, float, int]:
    """Run a command; return its exit code, its seconds of processor time, and its peak memory."""
    with (shop.folder / "out.json").open("wb") as out:
        process = subprocess.Popen(
            command(*arguments), cwd=shop.folder, env=unmeasured(shop.environment({})), stdout=out
        )
        seconds, peak_bytes = 0.0, 0
        while process.poll() is None:
            folder = Path(f"/proc/{process.pid}")
            peak_bytes = max(peak_bytes, memory_bytes(folder))
            seconds = max(seconds, processor_s(folder))
            time.sleep(LOOK_S)
    return process.returncode, seconds, peak_bytes


def memory_bytes(folder: Path) -> int:
    """Return the most that a process ever held; 0 if it has just ended."""
    lines = (folder / "status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def processor_s(folder: Path) -> float:
    """Return the processor time of a process, its own and the system's on its behalf."""
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def shop_in(folder: Path) -> Shop:
    """Return a shop with a destination of each platform."""
    (folder / "relay.toml").write_text(
        f"""
        [journal]
        path = "shop.db"
        [destinations.{PINTEREST}]
        type = "pinterest"
        ad_account_id = "549755885175"
        token = "env:PINTEREST_TOKEN"
        [destinations.{TIKTOK}]
        type = "tiktok"
        pixel_code = "C4K6A3Q2NE1S77JXXXXX"
        token = "env:TIKTOK_TOKEN"
        """
    )
    return Shop.of(folder)


@pytest.mark.slow
@pytest.mark.timeout(ORDERS // 1_000 + 120)
def test_a_million_orders_take_a_minute_and_300_megabytes(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    write_orders(tmp_path / "orders.csv", ORDERS)
    write_journal(tmp_path / "shop.db", ORDERS)
    begun_s = time.monotonic()

    code, seconds, peak_bytes = run_and_measure(
        shop, "reconcile", "orders.csv", "--json", "--out", "result.csv"
    )

    took_s = time.monotonic() - begun_s
    print(
        f"\n{ORDERS:,} orders: {seconds:.1f} s of processor time, {took_s:.1f} s in all,"
        f" {peak_bytes / 10**6:.0f} MB"
    )
    tenths = ORDERS // GROUP * 10
    found = json.loads((tmp_path / "out.json").read_bytes())
    counts = {
        each["destination"]: {share["state"]: share["orders"] for share in each["shares"]}
        for each in found["destinations"]
    }
    usual = {"skipped": tenths, "unknown": tenths}
    arrived = ORDERS - 3 * tenths
    assert code == 1
    assert counts[PINTEREST] == {"delivered": arrived, "dead": tenths, **usual}
    assert counts[TIKTOK] == {"delivered": arrived, "pending": tenths, **usual}
    with (tmp_path / "result.csv").open() as file:
        lines = Counter((row["destination"], row["state"]) for row in csv.DictReader(file))
    assert lines[PINTEREST, "delivered"] == lines[TIKTOK, "delivered"] == arrived
    assert sum(lines.values()) == 2 * ORDERS
    for name in ("shop.db", "result.csv", "orders.csv"):
        (tmp_path / name).unlink()  # pytest keeps folders, and this is much
    assert peak_bytes < MAX_MEMORY_BYTES
    assert seconds < MAX_S


@pytest.mark.slow
@pytest.mark.timeout(ORDERS // 1_000 + 120)
def test_a_million_events_of_the_browser_take_no_more(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    write_pixel(tmp_path / "pixel.csv", ORDERS)
    write_journal(tmp_path / "shop.db", ORDERS)

    code, seconds, peak_bytes = run_and_measure(shop, "dedup", "pixel.csv", "--json")

    print(f"\n{ORDERS:,} events: {seconds:.1f} s of processor time, {peak_bytes / 10**6:.0f} MB")
    tenths = ORDERS // GROUP * 10
    found = json.loads((tmp_path / "out.json").read_bytes())
    [pinterest, tiktok] = found["destinations"]
    for name in ("shop.db", "pixel.csv"):
        (tmp_path / name).unlink()
    assert code == 1
    assert pinterest["twice"] == ORDERS // 2 - 3 * tenths, "refused, without consent, or missing"
    assert tiktok["twice"] == ORDERS // 2 - 2 * tenths
    assert pinterest["once"] == tiktok["once"] == ORDERS // 2
    assert peak_bytes < MAX_MEMORY_BYTES
    assert seconds < MAX_S
