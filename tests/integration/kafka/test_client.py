"""What a client meets at the port of a broker, and what is told of it."""

import asyncio
import ssl
from pathlib import Path

import pytest

from relay.config import KafkaConfig
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from tests.given.port.certificate import CERTIFICATE, KEY


async def test_a_broker_that_hangs_up_behind_tls_may_ask_for_a_certificate(tmp_path: Path) -> None:
    """That TLS is expected is no news to who has configured it."""
    certificate, key = tmp_path / "broker.pem", tmp_path / "broker.key"
    certificate.write_text(CERTIFICATE)
    key.write_text(KEY)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with await asyncio.start_server(_hang_up, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        settings = KafkaConfig(
            bootstrap_servers=f"127.0.0.1:{port}", security_protocol="SSL", ssl_cafile=certificate
        )
        with pytest.raises(Fault, match="ask for a certificate") as caught:
            await Clients(settings, {}).probe()
    assert caught.value.key == "kafka.ssl_certfile"


async def _hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
