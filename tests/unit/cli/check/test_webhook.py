"""`relay check --live`: the result of a test message to the webhook."""

import pytest

from relay.cli.check.webhook import probe_webhook
from relay.config import Secret
from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import Fault

HOOK = "https://hooks.example/services/canary"


class Platform:
    """Answers what the test says, and keeps what it was sent."""

    def __init__(self, answer: HttpResponse | Fault) -> None:
        self._answer = answer
        self.requests: list[HttpRequest] = []

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        del timeout_s
        self.requests.append(request)
        return self._answer

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (HttpResponse(200, {}, b"ok"), "ok", "posted"),
        (HttpResponse(404, {}, b"no_service"), "wrong", "new webhook"),
        (HttpResponse(500, {}, b""), "unknown", "later"),
        (Fault("connect"), "unknown", "firewall"),
    ],
)
async def test_a_webhook_gets_a_message_that_says_that_all_is_well(
    answer: HttpResponse | Fault, verdict: str, words: str
) -> None:
    platform = Platform(answer)

    found = await probe_webhook(Secret(HOOK), platform)

    assert (found.destination, found.verdict) == ("notify", verdict)
    assert words in found.message
    assert "canary" not in found.message
    [request] = platform.requests
    assert request.url == HOOK
    assert b"All is well." in request.body


async def test_a_webhook_without_an_address_is_not_asked() -> None:
    platform = Platform(HttpResponse(200, {}, b"ok"))

    found = await probe_webhook(None, platform)

    assert (found.verdict, platform.requests) == ("wrong", [])
