"""Wires the parts that send events: one sender per destination, with shared rates and transport."""

from collections.abc import Mapping, Sequence

from relay.app.parts import Parts
from relay.delivery import Destination
from relay.dispatch.batcher import Batcher
from relay.dispatch.dispatcher import Dispatcher
from relay.dispatch.pace import Pace
from relay.dispatch.sender import Sender
from relay.dispatch.steady import SteadyClock
from relay.dispatch.transport import AiohttpTransport
from relay.journal.base import Journal
from relay.outcome.recorder import Recorder


def dispatcher_of(parts: Parts, journal: Journal) -> Dispatcher:
    """Return the senders of all destinations."""
    transport, steady = parts.transport(), SteadyClock(parts.clock)
    paces = paces_of(parts.destinations, steady)
    senders = [
        _sender(parts, each, journal, transport, pace=paces[each.name], steady=steady)
        for each in parts.destinations
    ]
    return Dispatcher(journal, senders, transport)


def paces_of(destinations: Sequence[Destination], steady: SteadyClock) -> Mapping[str, Pace]:
    """Return the paces by destination; one account or pixel shares one, with the lowest budget."""
    shared: dict[str, Pace] = {}
    for each in destinations:
        budget_per_s = each.limits.requests_per_s
        shared.setdefault(each.budget, Pace(budget_per_s, steady)).bound(budget_per_s)
    return {each.name: shared[each.budget] for each in destinations}


def _sender(
    parts: Parts,
    destination: Destination,
    journal: Journal,
    transport: AiohttpTransport,
    *,
    pace: Pace,
    steady: SteadyClock,
) -> Sender:
    settings = parts.config.destinations[destination.name]
    return Sender(
        destination,
        journal=journal,
        transport=transport,
        recorder=Recorder(destination.name, journal, parts.metrics, parts.clock),
        token=parts.tokens[destination.name],
        pace=pace,
        batcher=Batcher(
            max_events=destination.limits.max_events,
            max_bytes=destination.limits.max_bytes,
            linger_s=settings.linger,
        ),
        timeout_s=settings.timeout,
        clock=parts.clock,
        steady=steady,
        randomness=parts.random,
        rules=parts.rules()[destination.name],
    )
