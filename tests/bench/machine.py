"""What a figure was measured on: without it a figure means nothing."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec

CPU_INFO = Path("/proc/cpuinfo")
SYNC_COUNT = 50
BLOCK = bytes(4_096)


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances of a run. A sync far below 0.1 ms means that there is no disk behind it."""

    at: datetime
    python: str
    system: str
    processor: str
    core_count: int
    sync_p50_ms: float

    def __str__(self) -> str:
        """Return all of it in one line."""
        return (
            f"Python {self.python}, {self.core_count} cores of {self.processor}, {self.system}, "
            f"fdatasync of 4 KiB {self.sync_p50_ms:.2f} ms"
        )


def machine(folder: Path) -> Machine:
    """Describe this machine and the disk under `folder`."""
    return Machine(
        at=datetime.now(UTC),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        core_count=len(os.sched_getaffinity(0)),
        sync_p50_ms=_sync_p50_ms(folder / "sync-probe"),
    )


def _processor() -> str:
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _sync_p50_ms(path: Path) -> float:
    """Append and sync some blocks; returns the median time of one."""
    durations_s = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNC_COUNT):
            began_s = perf_counter()
            file.write(BLOCK)
            os.fdatasync(file)
            durations_s.append(perf_counter() - began_s)
    path.unlink()
    return median(durations_s) * 1_000
