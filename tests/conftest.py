"""What every test gets: coroutines run on a loop of their own, and nothing may be left open.

An `async def` test runs under `asyncio.run`, so it ends with no loop of somebody else's. The leak
check fails any test that leaves a task running, a socket or a file of this process open.
"""

import asyncio
import gc
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

FILE_DESCRIPTORS = Path("/proc/self/fd")

# Also where tests assert outside of a `test_*.py`, a failure shows what was compared.
pytest.register_assert_rewrite(
    *("tests.contract", "tests.destinations", "tests.given", "tests.kafka", "tests.ui")
)


def pytest_configure() -> None:
    """Give examples of property tests all the time they take: a busy machine is no failure."""
    settings.register_profile("relay", deadline=None)
    settings.load_profile("relay")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test to its end; a task it leaves behind is an error."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    asyncio.run(_leaving_no_task(pyfuncitem.obj(**arguments)))
    return True


async def _leaving_no_task(test: object) -> None:
    assert inspect.iscoroutine(test)
    await test
    await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left, f"tasks left running: {left}"


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    before = _open_files()
    yield
    left = _open_files() - before
    if left:
        gc.collect()
        left = _open_files() - before
    assert not left, f"left open: {sorted(left)}"


def _open_files() -> set[str]:
    if not FILE_DESCRIPTORS.exists():
        return set()
    found = set()
    for entry in FILE_DESCRIPTORS.iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:") or (target.startswith("/") and _of_a_test(target)):
            found.add(f"{entry.name} → {target}")
    return found


def _of_a_test(target: str) -> bool:
    return "/pytest-" in target or target.endswith((".db", ".db-wal", ".toml", ".ndjson"))
