"""Starts all threads of an executor at once, so that a relay without enough threads never starts.

By default, an executor starts each thread when it is needed. At a limit on processes or memory,
this would fail in the middle of its work, when events have already been accepted.
"""

import threading
from concurrent.futures import ThreadPoolExecutor


def started(threads: int, name: str) -> ThreadPoolExecutor:
    """Return an executor with all threads running. Raises `RuntimeError` if one cannot start."""
    executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
    all_there = threading.Event()
    try:
        for _ in range(threads):
            executor.submit(all_there.wait)  # keeps a thread busy, so that the next one is started
    finally:
        all_there.set()
    return executor
