"""Figures of this process from the system: processor time, memory, open files, start time."""

import sys
import time

from prometheus_client import ProcessCollector


class ProcessFigures(ProcessCollector):
    """Works even if `/proc` shows only processes, as with systemd's `ProcSubset=pid`.

    The library reads the machine's boot time from `/proc/stat`, and without it collects nothing.
    One collector serves all scrapes, since a start time that moves would look like a restart.
    """

    def _boot_time(self) -> float:
        if sys.platform != "linux":
            return 0.0  # the library's word for a system without `/proc`
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
