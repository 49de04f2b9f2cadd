"""What a process and everything that it started have used so far, read from Linux's /proc.

CPU time has a grain of 10 ms, so measure work of a second and more. Processes that ended count
with the parent that waited for them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

PROC = Path("/proc")
PARENT, OWN_AND_CHILDREN_CPU = 1, slice(11, 15)
"""Positions in /proc/PID/stat behind the name, see proc_pid_stat(5)."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over a tree of processes; the peak is that of each process, added up."""

    cpu_s: float
    rss_peak_bytes: int
    written_bytes: int


def usage(pid: int) -> Usage:
    """Return what the process `pid` and its descendants have used; they must be of this user."""
    pids = tree(pid)
    ticks = sum(sum(map(int, _stat(each)[OWN_AND_CHILDREN_CPU])) for each in pids)
    return Usage(
        cpu_s=ticks / os.sysconf("SC_CLK_TCK"),
        rss_peak_bytes=sum(_field(each, "status", "VmHWM") for each in pids) * 1024,
        written_bytes=sum(_field(each, "io", "write_bytes") for each in pids),
    )


def tree(root: int) -> list[int]:
    """Return the process `root` and all that it and its children started, parents first."""
    stats = {int(entry.name): _stat(int(entry.name)) for entry in PROC.glob("[0-9]*")}
    parents = {pid: int(stat[PARENT]) for pid, stat in stats.items() if stat}
    return list(_with_descendants(root, parents))


def _with_descendants(pid: int, parents: dict[int, int]) -> Iterator[int]:
    yield pid
    for child, parent in parents.items():
        if parent == pid:
            yield from _with_descendants(child, parents)


def _stat(pid: int) -> list[str]:
    """Return the fields behind the name; none if the process has ended meanwhile."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _field(pid: int, file: str, name: str) -> int:
    try:
        lines = (PROC / str(pid) / file).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
