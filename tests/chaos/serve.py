"""The relay as `relay serve` runs it, but with a clock that can be stepped: no flag of the product.

Called as `python -m tests.chaos.serve CONFIG CLOCK`. After an orderly stop it looks for what a stop
must not leave behind, a task or a file of the journal, and ends with 3 if it finds any.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from relay import logs
from relay.app.process import tune
from relay.app.service import App
from relay.cli.option import required_config
from relay.cli.serving.signals import until_told
from relay.config import Config, check_start
from tests.chaos.clock import SteppedClock

LEFT_BEHIND: Final = 3
OPEN_FILES: Final = Path("/proc/self/fd")


def main(config_file: str, clock_file: str) -> None:
    """Run until told to stop."""
    config = required_config(Path(config_file))
    check_start(config, os.environ)
    logs.configure(level=logging.WARNING)
    left = asyncio.run(_serve(config, SteppedClock(Path(clock_file))))
    if left:
        sys.stderr.write(f"left behind: {left}\n")
        sys.exit(LEFT_BEHIND)


async def _serve(config: Config, clock: SteppedClock) -> list[str]:
    async with until_told() as stop:
        app = App(config, os.environ, clock=clock)
        tune()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.reload_secrets)
        await app.run(stop, lambda _: None)
    clock.close()
    return [*_tasks(), *_files(config.journal.path.parent)]


def _tasks() -> Iterator[str]:
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        yield repr(task)


def _files(folder: Path) -> Iterator[str]:
    """Yield the files of a folder that this process still has open."""
    gc.unfreeze()
    gc.collect()
    for each in OPEN_FILES.iterdir() if OPEN_FILES.exists() else ():
        try:
            target = each.readlink()
        except OSError:
            continue
        if target.is_relative_to(folder.resolve()):
            yield str(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
