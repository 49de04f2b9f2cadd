"""`relay check --live`: one message to the webhook of [notify], so that people see it works."""

from typing import Final

from relay.config import Secret
from relay.delivery import HttpResponse
from relay.dispatch.transport import Transport
from relay.outcome.probe import Probe, Verdict
from relay.outcome.watch.notice import TEST
from relay.outcome.watch.notify import OK, TIMEOUT_S, request_of

NAME: Final = "notify"
SOURCE: Final = "webhook"
CLIENT_ERRORS: Final = range(300, 500)


async def probe_webhook(address: Secret | None, transport: Transport) -> Probe:
    """Post a message and return the result, whose text never shows the address."""
    if address is None:
        return _probe("wrong", "There is no address. Put it where `webhook` in [notify] points.")
    answer = await transport.send(request_of(address, TEST), TIMEOUT_S)
    if not isinstance(answer, HttpResponse):
        return _probe("unknown", "It does not answer. Check the address, the network and firewall.")
    if answer.status in OK:
        return _probe("ok", "A message was posted; somebody should see it now.")
    if answer.status in CLIENT_ERRORS:
        text = f"It refuses messages, with HTTP {answer.status}. Make a new webhook and replace it."
        return _probe("wrong", text)
    return _probe("unknown", f"It fails, with HTTP {answer.status}. Try again later.")


def _probe(verdict: Verdict, message: str) -> Probe:
    return Probe(NAME, SOURCE, verdict, None, message)
