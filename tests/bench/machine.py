"""What a figure was measured on: without it a figure means nothing."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import msgspec

from tests.bench.load import quantile

CPU_INFO = Path("/proc/cpuinfo")
SYNC_COUNT = 200
BLOCK = bytes(4_096)


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances of a run. A sync far below 0.1 ms means that there is no disk behind it."""

    at: datetime
    python: str
    system: str
    processor: str
    core_count: int
    sync_p50_ms: float
    sync_p99_ms: float

    def __str__(self) -> str:
        """Return all of it in one line."""
        return (
            f"Python {self.python}, {self.core_count} cores of {self.processor}, {self.system}, "
            f"fdatasync of 4 KiB {self.sync_p50_ms:.2f} ms (p99 {self.sync_p99_ms:.2f} ms)"
        )


def machine(folder: Path) -> Machine:
    """Describe this machine and the disk under `folder`."""
    syncs_ms = _syncs_ms(folder / "sync-probe")
    return Machine(
        at=datetime.now(UTC),
        python=platform.python_version(),
        system=platform.system(),
        processor=_processor(),
        core_count=len(os.sched_getaffinity(0)),
        sync_p50_ms=quantile(syncs_ms, 0.50),
        sync_p99_ms=quantile(syncs_ms, 0.99),
    )


def _processor() -> str:
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _syncs_ms(path: Path) -> list[float]:
    """Append and sync some blocks; return the time of each."""
    durations_ms = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNC_COUNT):
            began_s = perf_counter()
            file.write(BLOCK)
            os.fdatasync(file)
            durations_ms.append((perf_counter() - began_s) * 1_000)
    path.unlink()
    return durations_ms
