"""Sends trial requests from a running relay, with the settings and the token in force.

They do not count against a destination's budget, since a person asks for them one at a time. Each
has its own connection, which is closed after the answer.
"""

from collections.abc import Callable, Mapping, Sequence

from relay.config import DestinationConfig
from relay.config.secret import SecretSource
from relay.dispatch.transport import Transport
from relay.outcome.probe import Probe
from relay.probe.probe import probe


class Trials:
    """See the module docstring. `connect` returns a transport, `clock` Unix seconds."""

    def __init__(
        self,
        destinations: Mapping[str, DestinationConfig],
        tokens: Mapping[str, SecretSource],
        connect: Callable[[], Transport],
        clock: Callable[[], float],
    ) -> None:
        self._destinations = destinations
        self._tokens = tokens
        self._connect = connect
        self._clock = clock

    async def send(self, name: str, test_event_code: str) -> Sequence[Probe]:
        """Return a platform's answers. Raises KeyError for an unknown destination."""
        config = self._destinations[name]
        transport = self._connect()
        try:
            token = self._tokens[name].current().secret
            now_s = self._clock()
            return await probe(
                name, config, token, transport, now_s=now_s, test_event_code=test_event_code
            )
        finally:
            await transport.close()
