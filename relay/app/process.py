"""Tunes the process of a serving relay; this only saves processor time.

Events are made of structs that the garbage collector does not look at, and they form no cycles. So
there is next to nothing to be found, and looking for it at Python's usual pace takes a good part of
the relay's time. What is left for it, cycles through exceptions and tasks, can wait.
"""

import gc
import sys
from typing import Final

COLLECT_AFTER: Final = 50_000
"""Containers that were made and are still there before the youngest are looked at: some MB."""
SWITCH_INTERVAL_S: Final = 0.02
"""How long the loop's thread may go on while the journal's waits. It gives way earlier, with each
read and write of a socket; to be stopped within the work on a body only costs both their caches."""


def tune() -> None:
    """Leave what the start made out of all collections; collect and change threads less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    sys.setswitchinterval(SWITCH_INTERVAL_S)
