"""A trial of a running relay: with what is in force, on a connection of its own."""

from pathlib import Path

import msgspec

from relay.config import DestinationConfig, PinterestConfig, TikTokConfig
from relay.config.secret import SecretRef, SecretSource
from relay.delivery import HttpRequest, HttpResponse
from relay.dispatch.transport import Fault
from relay.probe.trial import Trials

NOW_S = 1_790_000_000.0
CONFIGS: dict[str, DestinationConfig] = {
    "p": PinterestConfig(ad_account_id="549755885175"),
    "t": TikTokConfig(pixel_code="C4K6A3Q2NE1S77JXXXXX"),
}


class Platform:
    """Takes everything."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.closed = 0

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse | Fault:
        self.requests.append(request)
        body = {"code": 0, "message": "OK", "request_id": "1", "data": {}}
        return HttpResponse(200, {}, msgspec.json.encode(body))

    async def close(self) -> None:
        self.closed += 1


def trials(platform: Platform, file: Path) -> Trials:
    ref = SecretRef(f"file:{file}")
    tokens = {name: SecretSource(ref, {}, lambda: NOW_S) for name in CONFIGS}
    return Trials(CONFIGS, tokens, lambda: platform, lambda: NOW_S)


async def test_a_code_makes_it_a_test_event_and_the_connection_ends(tmp_path: Path) -> None:
    file, platform = tmp_path / "token", Platform()
    file.write_text("token-of-a-test")

    (found,) = await trials(platform, file).send("t", "TEST1")

    assert found.verdict == "ok"
    assert b'"test_event_code":"TEST1"' in platform.requests[0].body
    assert platform.closed == 1


async def test_without_a_code_only_the_access_is_tried(tmp_path: Path) -> None:
    file, platform = tmp_path / "token", Platform()
    file.write_text("token-of-a-test")

    await trials(platform, file).send("t", "")
    await trials(platform, file).send("p", "ignored")

    assert b'"data":[]' in platform.requests[0].body
    assert platform.requests[1].url.endswith("?test=true")


async def test_no_token_is_told_without_a_request(tmp_path: Path) -> None:
    platform = Platform()

    (found,) = await trials(platform, tmp_path / "none").send("t", "")

    assert found.reason == "token_missing"
    assert platform.requests == []
