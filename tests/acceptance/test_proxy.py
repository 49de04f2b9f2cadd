"""A relay whose network lets it out through a proxy only."""

import signal
from pathlib import Path

import aiohttp

from relay.sandbox.server import Sandbox
from tests.acceptance.process import TOKENS, Relay, accepted_ids, purchase
from tests.given.port.certificate import CERTIFICATE
from tests.given.port.proxy import Proxy, encrypted

PASSWORD = "canary-of-a-proxy"


async def test_events_arrive_through_a_tunnel_that_shows_nothing_of_them(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text(CERTIFICATE)
    async with (
        Sandbox() as sandbox,
        encrypted(int(sandbox.url.rpartition(":")[2]), tmp_path) as port,
        Proxy(port) as proxy,
    ):
        environ = {
            "https_proxy": f"http://relay:{PASSWORD}@{proxy.address}",
            "no_proxy": "",
            "SSL_CERT_FILE": str(authority),
        }
        async with Relay(tmp_path, "https://platform.example", environ=environ) as relay:
            body = purchase("order-1", email="jane.canary@example.com")
            async with aiohttp.request("POST", f"{relay.producers}/v1/events", json=body) as answer:
                assert answer.status == 202
            funnels = await relay.until_nothing_waits()
            await relay.end(signal.SIGTERM)
        for platform in ("pinterest", "tiktok"):
            assert await accepted_ids(sandbox.url, platform) == {"order-1": 1}
    assert [each["delivered"] for each in funnels.values()] == [1, 1]
    assert proxy.hosts == {b"platform.example:443"}
    in_the_clear = b"".join(proxy.asked) + proxy.passed
    assert not [each for each in ("order-1", *TOKENS.values()) if each.encode() in in_the_clear]
    assert PASSWORD.encode() not in relay.text_on_disk()
    assert proxy.address.encode() in relay.text_on_disk()
