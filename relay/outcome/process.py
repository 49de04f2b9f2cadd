"""What the system tells of this process: processor time, memory, open files, when it started."""

import sys
import time

from prometheus_client import ProcessCollector


class ProcessFigures(ProcessCollector):
    """Tells it also where `/proc` shows nothing but processes, as with systemd's `ProcSubset=pid`.

    The library takes the moment of the machine's start from `/proc/stat`, and without it tells
    nothing at all. One collector serves all scrapes, since a start that moved would be a restart.
    """

    def _boot_time(self) -> float:
        if sys.platform != "linux":
            return 0.0  # the library's word for a system without `/proc`
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
