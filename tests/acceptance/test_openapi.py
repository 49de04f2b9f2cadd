"""Both ports, driven from their own OpenAPI documents: whatever is asked, they answer as they say.

The relay is a process of its own; the platforms of this test are not there, so every accepted
event waits.
"""

import asyncio
import hmac
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from relay.schema.openapi import admin_document, producers_document
from relay.sources.shopify.shopify import PATH as SHOPIFY_PATH
from tests.acceptance.process import Relay

CHECKS: Final[list[CheckFunction]] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
UNREACHABLE: Final = "http://127.0.0.1:9"
SECRET: Final = "canary-secret-of-the-shop"
SHOP: Final = """
[sources.shopify.lamp-shop]
domain = "lamp-shop.myshopify.com"
secret = "env:SHOP_SECRET"
"""
BOUNDED: Final = settings(
    max_examples=60,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("application/x-ndjson")
def lines(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """Return a text of lines as it goes out."""
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


def described(document: bytes) -> schemathesis.BaseSchema:
    """Return the operations of a port: good requests and bad ones, at random.

    Walking through every bound of every key as well takes a minute for the events alone.
    """
    found = schemathesis.openapi.from_dict(msgspec.json.decode(document))
    found.config.phases.coverage.enabled = False
    return found


producers, admin = described(producers_document()), described(admin_document())


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Run one relay for all requests."""
    found = Relay(tmp_path_factory.mktemp("relay"), UNREACHABLE, environ={"SHOP_SECRET": SECRET})
    with (found.folder / "relay.toml").open("a") as config:
        config.write(SHOP)
    with asyncio.Runner() as runner:
        runner.run(found.start())
        try:
            yield found
        finally:
            runner.run(found.kill())
        assert b'"level":"error"' not in found.text_on_disk()


@pytest.mark.slow
@producers.parametrize()
@BOUNDED
def test_the_port_for_producers_answers_as_its_document_says(
    case: schemathesis.Case[Any], relay: Relay
) -> None:
    if case.path == SHOPIFY_PATH:
        sign(case, relay.producers)
    case.call_and_validate(base_url=relay.producers, checks=CHECKS)


def sign(case: schemathesis.Case[Any], base_url: str) -> None:
    """Have a webhook come from the shop: unsigned ones are answered with 401, ever more slowly."""
    keywords = case.as_transport_kwargs(base_url=base_url)
    wanted = {name: keywords.get(name) for name in ("data", "json", "headers")}
    body = requests.Request("POST", keywords["url"], **wanted).prepare().body or b""
    assert isinstance(body, bytes)
    signature = b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
    case.headers["X-Shopify-Shop-Domain"] = "lamp-shop.myshopify.com"
    case.headers["X-Shopify-Hmac-Sha256"] = signature


@pytest.mark.slow
@admin.parametrize()
@BOUNDED
def test_the_port_for_people_answers_as_its_document_says(
    case: schemathesis.Case[Any], relay: Relay
) -> None:
    case.call_and_validate(base_url=relay.admin, checks=CHECKS)
