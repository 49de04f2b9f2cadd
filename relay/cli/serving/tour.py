"""What `relay serve --example` shows once: it posts example events, and prints what became of them.

It talks to the relay through its ports, like any producer and operator. An error is printed and
ends the tour, never the relay.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import click

from relay.cli.connection import Connection
from relay.cli.failure import failure_of
from relay.cli.output import console, counted, program
from relay.cli.running.client import admin_client, read
from relay.cli.running.status import funnel
from relay.cli.sending.chunk import chunks
from relay.cli.sending.example import example_events, pasteable
from relay.cli.sending.post import Poster, Tally, events_path, key_headers
from relay.config import Config
from relay.outcome.views.api import Summary

PATIENCE_S: Final = 10.0
"""How many seconds the tour waits for deliveries; an emulated outage lasts longer."""
LOOK_S: Final = 0.2
TIMEOUT_S: Final = 10.0


class Tour:
    """Shows the example once `begin` has been called with the relay's addresses."""

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        self._config = config
        self._environ = environ
        self._begun = asyncio.Event()
        self._url = ""
        self._admin = ""
        self._run = secrets.token_hex(4)

    def begin(self, url: str, admin: str) -> None:
        """Start the tour: events go to `url`, queries to `admin` (host and port)."""
        self._url, self._admin = url, admin
        self._begun.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Post the events, wait until they are settled or the relay stops, and show the result."""
        await self._begun.wait()
        try:
            tally = await asyncio.to_thread(self._post)
            self._show(tally, await self._settled(stop))
        except SystemExit:  # rich would end the process
            _tell("nobody reads standard output any more")
        except Exception as error:  # noqa: BLE001 - never the relay
            _tell(failure_of(error).line.removeprefix("relay: "))

    def _post(self) -> Tally:
        headers = key_headers(self._environ)
        with Connection(self._url, headers=headers, timeout_s=TIMEOUT_S) as connection:
            poster = Poster(connection, events_path(self._url), time.sleep)
            for _ in poster.post_all(chunks(example_events(self._run, time.time()))):
                pass
        return poster.tally

    async def _settled(self, stop: asyncio.Event) -> Summary:
        """Return the funnel once nothing waits, `PATIENCE_S` is over, or the relay stops."""
        end_s = time.monotonic() + PATIENCE_S
        while True:
            summary = await asyncio.to_thread(self._summary)
            waiting = any(view.pending for view in summary.destinations)
            if not waiting or stop.is_set() or time.monotonic() > end_s:
                return summary
            await asyncio.sleep(LOOK_S)  # between two looks at another process's figures

    def _summary(self) -> Summary:
        with admin_client(self._config, self._environ, address=self._admin) as client:
            return read(client.ask("/api/v1/summary", range="1h"), Summary)

    def _show(self, tally: Tally, summary: Summary) -> None:
        event_id = f"order-{self._run}-5"
        with_key = bool(key_headers(self._environ))
        screen = console()
        screen.print(
            f"\n{counted(tally.accepted, 'example event')} posted. The last hour so far:\n"
        )
        screen.print(funnel(summary))
        click.echo(
            "\nPost one more purchase:\n\n"
            f"{pasteable(self._url, event_id, time.time(), with_key=with_key)}\n\n"
            "and see what became of it:\n\n"
            f"{program()} event {event_id}\n"
        )
        sys.stdout.flush()


def _tell(reason: str) -> None:
    with suppress(OSError):  # nobody reads standard error either
        click.echo(f"relay: the example was not shown: {reason}", err=True)
