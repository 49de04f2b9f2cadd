"""`relay serve`: the service, with the real platforms or with the built-in emulator.

SIGTERM and Ctrl-C stop it in order, a second one at once; SIGHUP reads `file:` secrets again. It
reports its state to a supervisor such as systemd. On a terminal, it prints a few lines with its
addresses, and by default logs only warnings; elsewhere it writes JSON lines and nothing else.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import click
import msgspec

from relay import logs
from relay.app.descriptor import fitted
from relay.app.process import tune
from relay.app.service import App
from relay.cli.option import available_config, config_option, required_config
from relay.cli.running.client import reachable
from relay.cli.serving.signals import until_told
from relay.cli.serving.supervisor import Supervisor
from relay.cli.serving.tour import Tour
from relay.config import (
    BaseUrl,
    Config,
    Listen,
    SecretRef,
    check_start,
    read_secret,
    sandboxed,
)
from relay.keys.store import check_exposed
from relay.sandbox import Sandbox
from relay.sandbox.scenario import SCENARIOS

TOKEN_VARIABLE: Final = "RELAY_SANDBOX_TOKEN"  # noqa: S105 - a name
TOKEN: Final = "sandbox"  # noqa: S105 - it opens the emulator and nothing else

log = logging.getLogger(__name__)


class Setup(msgspec.Struct, frozen=True):
    """What a relay runs with; `emulator` is the emulator's address, None for real platforms."""

    config: Config
    environ: Mapping[str, str]
    emulator: str | None = None


@click.command(short_help="Run the relay.")
@click.option(
    "--sandbox",
    "emulated",
    is_flag=True,
    help="Emulate both platforms, with a journal of its own; it needs no account.",
)
@click.option(
    "--scenario",
    type=click.Choice(SCENARIOS),
    help="How the emulated platforms behave.  [default: ok]",
)
@click.option("--example", is_flag=True, help="With --sandbox: post example events once.")
@config_option
def serve(scenario: str | None, config_file: Path | None, *, emulated: bool, example: bool) -> None:
    """Run the relay until it is told to stop."""
    if scenario is not None and not emulated:
        raise click.UsageError("--scenario needs --sandbox: the real platforms are as they are")
    if example and not emulated:
        raise click.UsageError("--example needs --sandbox: real platforms would count its sales")
    config = available_config(config_file) if emulated else required_config(config_file)
    check_start(config, os.environ)
    check_exposed(config.server.listen, config.keys_path, time.time())
    logs.configure(level=_log_level(config, on_terminal=sys.stderr.isatty()))
    platforms = (scenario or "ok") if emulated else None
    asyncio.run(_serve(fitted(config), platforms, example=example))


def _log_level(config: Config, *, on_terminal: bool) -> int:
    name = config.server.log_level or ("warning" if on_terminal else "info")
    return logging.getLevelNamesMapping()[name.upper()]


async def _serve(config: Config, scenario: str | None, *, example: bool) -> None:
    supervisor = Supervisor(os.environ, os.getpid())
    stopping = partial(_stopping, supervisor)
    async with (
        until_told(config.server.drain, stopping) as stop,
        _platforms(config, scenario) as setup,
    ):
        app = App(setup.config, setup.environ)
        tune()
        reload = partial(_reload, app, supervisor)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
        async with supervisor.watching(app.progress, app.status):
            await _run(app, setup, stop, lambda: supervisor.ready(app.status()), example=example)


def _stopping(supervisor: Supervisor) -> None:
    supervisor.stopping()
    log.info("the relay stops: what is in flight is finished, the rest stays on disk")
    if sys.stdout.isatty():
        click.echo("Finishing what is in flight; the rest stays on disk. Ctrl-C again ends it now.")


def _reload(app: App, supervisor: Supervisor) -> None:
    with supervisor.reloading():
        app.reload_secrets()


async def _run(
    app: App, setup: Setup, stop: asyncio.Event, ready: Callable[[], None], *, example: bool
) -> None:
    if example:
        await _run_with_tour(app, setup, stop, ready)
        return

    def started(app: App) -> None:
        (greet if sys.stdout.isatty() else log_addresses)(app, setup)
        ready()

    await app.run(stop, started)


async def _run_with_tour(
    app: App, setup: Setup, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Run the relay and, once it has started, show what it does with the example events."""
    tour = Tour(setup.config, setup.environ)

    def started(app: App) -> None:
        greet(app, setup)
        ready()
        tour.begin(producers_url(app), admin_address(app))

    async with asyncio.TaskGroup() as tasks:
        showing = tasks.create_task(tour.run(stop))
        try:
            await app.run(stop, started)
        finally:
            showing.cancel()


@asynccontextmanager
async def _platforms(config: Config, scenario: str | None) -> AsyncIterator[Setup]:
    """Yield the setup: the configuration as it is, or with an emulator that runs meanwhile."""
    if scenario is None:
        yield Setup(config, os.environ)
        return
    async with Sandbox(scenario) as emulator:
        emulated = with_tokens(sandboxed(config, BaseUrl(emulator.url)), os.environ)
        yield Setup(emulated, {**os.environ, TOKEN_VARIABLE: TOKEN}, emulator.url)


def with_tokens(config: Config, environ: Mapping[str, str]) -> Config:
    """Return a sandbox's `config` with a token for every destination, made up if need be."""
    destinations = {
        name: each
        if each.token is not None and read_secret(each.token, environ) is not None
        else msgspec.structs.replace(each, token=SecretRef(f"env:{TOKEN_VARIABLE}"))
        for name, each in config.destinations.items()
    }
    return msgspec.structs.replace(config, destinations=destinations)


def log_addresses(app: App, setup: Setup) -> None:
    """Log the relay's addresses."""
    log.info("the port for events is open", extra={"listen": app.producers_address})
    log.info("the port for people is open", extra={"listen": app.admin_address})
    if setup.emulator is not None:
        log.info("the platforms are emulated", extra={"listen": setup.emulator})
    if app.proxy:
        log.info("the platforms are reached through a proxy", extra={"proxy": app.proxy})


def greet(app: App, setup: Setup) -> None:
    """Print the relay's addresses for people."""
    lines = [
        "The relay is running; Ctrl-C ends it.",
        "",
        f"  Post events to      {producers_url(app)}",
        f"  See what became of  http://{admin_address(app)}/",
    ]
    if setup.emulator is not None:
        lines.append(f"  Emulated platforms  {setup.emulator}/")
    if app.proxy:
        lines.append(f"  Through the proxy   {app.proxy}")
    click.echo("\n".join(lines))


def producers_url(app: App) -> str:
    """Return the producers' URL, as this machine reaches it."""
    return f"http://{reachable(Listen(app.producers_address), 'server.listen')}/v1/events"


def admin_address(app: App) -> str:
    """Return host and port of the admin port, as this machine reaches it."""
    return reachable(Listen(app.admin_address), "admin.listen")
