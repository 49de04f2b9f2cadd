"""`relay sandbox`: the emulator of both platforms alone, for any sender."""

import asyncio

import click

from relay.cli.option import read_option, unread_config_option
from relay.cli.running.client import reachable
from relay.cli.serving.signals import until_told
from relay.config import Listen
from relay.sandbox import Sandbox
from relay.sandbox.scenario import SCENARIOS


@click.command(short_help="Emulate both platforms.")
@click.option("--listen", default="127.0.0.1:8090", show_default=True, metavar="HOST:PORT")
@click.option(
    "--scenario",
    type=click.Choice(SCENARIOS),
    default="ok",
    show_default=True,
    help="How the platforms behave; `POST /sandbox/scenario` changes it while they run.",
)
@unread_config_option
def sandbox(listen: str, scenario: str) -> None:
    """Emulate Pinterest and TikTok, as strict as their documentation, as troublesome as asked."""
    asyncio.run(_serve(read_option("--listen", listen, Listen), scenario))


async def _serve(address: Listen, scenario: str) -> None:
    emulator = Sandbox(scenario, host=address.host, port=address.port)
    async with until_told() as stop, emulator:
        click.echo(greeting(emulator.url, scenario))
        await stop.wait()


def greeting(url: str, scenario: str) -> str:
    """Return what to do with the emulator at `url`, by an address that a `base_url` may have."""
    url = f"http://{reachable(Listen(url.removeprefix('http://')), '--listen')}"
    return (
        f"Pinterest and TikTok are emulated at {url} (scenario {scenario}).\n"
        "Point a destination there in relay.toml, with any token:\n"
        f'  base_url = "{url}"\n'
        "  (a token with a word like bad, expired or forbidden in it is refused as such)\n"
        f"What arrives is shown at {url}/ until Ctrl-C."
    )
