"""`relay sandbox`: the emulator of both platforms alone, for any sender."""

import asyncio

import click

from relay.cli.option import read_option, unread_config_option
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
        click.echo(
            f"Pinterest and TikTok are emulated at {emulator.url} (scenario {scenario}).\n"
            "Point a destination there in relay.toml, with any token:\n"
            f'  base_url = "{emulator.url}"\n'
            "  (a token with a word like bad, expired or forbidden in it is refused as such)\n"
            f"What arrives is shown at {emulator.url}/ until Ctrl-C."
        )
        await stop.wait()
