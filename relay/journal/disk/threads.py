"""Threads that are there from the start: where none can be had, the relay does not start.

Left to itself, an executor starts each of its threads when it is needed. At a limit of processes or
of memory that fails in the middle of what it was needed for, when events have been accepted.
"""

import threading
from concurrent.futures import ThreadPoolExecutor


def started(threads: int, name: str) -> ThreadPoolExecutor:
    """Return an executor with all of its threads running; raises `RuntimeError` if one cannot."""
    executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
    all_there = threading.Event()
    try:
        for _ in range(threads):
            executor.submit(all_there.wait)  # keeps its thread busy, so that the next is started
    finally:
        all_there.set()
    return executor
