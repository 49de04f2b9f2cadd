"""Tunes the process of a serving relay, only to save processor time.

Events are made of structs that the garbage collector does not track, and they form no cycles. So it
has next to nothing to find, and searching at Python's usual pace takes a good part of the relay's
time. The cycles that remain, through exceptions and tasks, can wait.
"""

import gc
import sys
from typing import Final

COLLECT_AFTER: Final = 50_000
"""How many surviving new containers trigger a collection of the youngest: some MB."""
SWITCH_INTERVAL_S: Final = 0.02
"""How long the loop's thread may run while the journal's waits. It gives way earlier, whenever it
reads or writes a socket; switching in the middle of a body would only cost both their caches."""


def tune() -> None:
    """Exclude objects made at the start from collections; collect and switch threads less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    sys.setswitchinterval(SWITCH_INTERVAL_S)
