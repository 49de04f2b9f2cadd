"""The addresses that the page links to: those of pages, and nothing that a browser would run."""

import pytest

from relay.config import parse
from relay.errors import ConfigError

GOOD = ("https://grafana.shop.example", "http://10.0.0.7:3000/grafana/", "https://wiki/r?page=7")
BAD = (
    *("javascript:alert(1)", "grafana.shop.example", "//evil.example", "https://", ""),
    *('https://a"onclick=x', "https://a b", "https://a#b", f"https://{'a' * 600}"),
)


def settings(key: str, address: str) -> str:
    return f"[admin]\n{key} = '{address}'\n"


@pytest.mark.parametrize("key", ["grafana", "runbook"])
@pytest.mark.parametrize("address", GOOD)
def test_an_address_of_the_web_is_taken(key: str, address: str) -> None:
    admin = parse(settings(key, address), {}, origin="relay.toml").admin

    assert getattr(admin, key) == address


@pytest.mark.parametrize("key", ["grafana", "runbook"])
@pytest.mark.parametrize("address", BAD)
def test_anything_else_is_refused_by_name(key: str, address: str) -> None:
    with pytest.raises(ConfigError, match=rf"admin\.{key}"):
        parse(settings(key, address), {}, origin="relay.toml")
