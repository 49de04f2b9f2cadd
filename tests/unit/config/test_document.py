"""A configuration survives its way to another process."""

from pathlib import Path

import pytest

from relay.config import load, parse
from relay.config.build import build
from relay.config.document import document_of

EXAMPLE = Path(__file__).parents[3] / "deploy" / "relay.example.toml"
EVERYTHING = """
[server]
listen = "[::1]:0"
drain = "1500ms"
keys_file = "keys.json"
[intake]
default_country = "us"
[kafka]
bootstrap_servers = "localhost:9092"
security_protocol = "SSL"
[sources.kafka]
topics = ["a", "b"]
[sources.shopify.lamp-shop]
domain = "lamp-shop.myshopify.com"
secret = "env:SECRET"
[destinations.p]
type = "pinterest"
ad_account_id = "549755885175"
events = ["purchase"]
base_url = "http://127.0.0.1:1"
[destinations.t]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
max_event_age = "3d"
"""


@pytest.mark.parametrize("text", [EXAMPLE.read_text(), EVERYTHING, ""])
def test_a_configuration_is_built_again_from_its_document(text: str) -> None:
    config = parse(text, {}, origin="test")
    assert build(document_of(config)) == config


def test_an_address_that_is_a_secret_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text('[notify]\nwebhook = "https://hooks.example/canary"\n')
    assert "canary" not in str(document_of(load(path, {})))
