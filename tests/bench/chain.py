"""The stages of an event and nothing around them: the least that a relay could cost.

Decodes, checks, hashes, maps and encodes a file of bodies for all destinations on one thread, with
the relay's own functions and process settings; what comes out is dropped, body by body. No socket,
journal, queue or sender. It prints one JSON `Cost`.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from relay.app.process import tune
from relay.config import Config, load
from relay.delivery import Destination, Payload
from relay.destinations import discover
from relay.intake.convert import convert
from relay.intake.decode import decode
from relay.intake.split import split_json
from tests.bench.contender import TOKENS


class Cost(msgspec.Struct, frozen=True):
    """What the work took; `cpu_s` is the processor's time."""

    events: int
    wall_s: float
    cpu_s: float


class Chain:
    """See the module docstring."""

    def __init__(self, config: Config) -> None:
        types = discover()
        self._country = config.intake.default_country
        self._destinations: Sequence[Destination] = [
            types[each.type].build(name, each) for name, each in config.destinations.items()
        ]

    def take(self, body: bytes) -> int:
        """Make all payloads of a body; return how many events it has, all of them usable."""
        events = [decode(raw) for _, raw in split_json(body)]
        now_s = time.time()
        made = []
        for event in events:
            found, _ = convert(event, source="http", now_s=now_s, default_country=self._country)
            made.append([destination.prepare(found) for destination in self._destinations])
        assert all(isinstance(each, Payload) for payloads in made for each in payloads)
        return len(made)


def run(chain: Chain, bodies: Sequence[bytes]) -> Cost:
    """Take all bodies."""
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    events = sum(map(chain.take, bodies))
    return Cost(events, time.perf_counter() - began_s, time.process_time() - began_cpu_s)


@click.command()
@click.argument("config_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("warm_up", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("bodies", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(config_file: Path, warm_up: Path, bodies: Path) -> None:
    """Take the bodies in WARM_UP, then measure those in BODIES; for a relay's CONFIG_FILE."""
    chain = Chain(load(config_file, TOKENS))
    tune()
    run(chain, warm_up.read_bytes().splitlines())
    cost = run(chain, bodies.read_bytes().splitlines())
    click.echo(msgspec.json.encode(cost).decode())


if __name__ == "__main__":
    main()
