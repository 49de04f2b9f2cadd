"""Wires what sends events: a sender for each destination, which share rates and a transport."""

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
    """Return the senders, of which those of one account or pixel share its rate."""
    transport, steady = parts.transport(), SteadyClock(parts.clock)
    paces: dict[str, Pace] = {}
    senders = []
    for destination in parts.destinations:
        budget_per_s = destination.limits.requests_per_s
        pace = paces.setdefault(destination.budget, Pace(budget_per_s, steady))
        pace.bound(budget_per_s)
        senders.append(_sender(parts, destination, journal, transport, pace=pace, steady=steady))
    return Dispatcher(journal, senders, transport)


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
