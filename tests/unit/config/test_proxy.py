"""Which requests go through a proxy, by the environment; its address is shown without a secret."""

import pytest

from relay.config import parse
from relay.config.proxy import Proxy, proxied, proxy_of
from relay.errors import ConfigError

CANARY = "s3cret-canary"
PINTEREST = "https://api.pinterest.com/v5/ad_accounts/1/events"
EMULATED = """
[destinations.pinterest-main]
type = "pinterest"
ad_account_id = "549755885175"
token = "env:PINTEREST_TOKEN"
base_url = "http://127.0.0.1:9"
"""


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, None),
        ({"HTTPS_PROXY": " "}, None),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "https://proxy.example"}, "https://proxy.example"),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, "http://[::1]:3128"),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1"}, "http://a:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://b:1"}, None),
        ({"HTTP_PROXY": "http://a:1", "ALL_PROXY": "http://a:1"}, None),
    ],
)
def test_the_environment_names_the_proxy(environ: dict[str, str], address: str | None) -> None:
    assert Proxy.of(environ).address_for(PINTEREST) == address


@pytest.mark.parametrize(
    ("exempt", "is_direct"),
    [
        ("", False),
        ("api.pinterest.com", True),
        ("pinterest.com", True),
        (".Pinterest.com", True),
        ("tiktok.com, pinterest.com,", True),
        ("*", True),
        ("interest.com", False),
        ("com.example,api", False),
    ],
)
def test_hosts_are_exempt_by_their_name_or_its_end(exempt: str, *, is_direct: bool) -> None:
    proxy = Proxy.of({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": exempt})
    assert (proxy.address_for(PINTEREST) is None) == is_direct


@pytest.mark.parametrize(
    "url", ["http://api.pinterest.com/", "https://127.0.0.1:8443/", "https://localhost/"]
)
def test_neither_what_is_in_the_clear_nor_this_machine_is_spoken_to_through_it(url: str) -> None:
    assert Proxy.of({"HTTPS_PROXY": "http://proxy.example:3128"}).address_for(url) is None


def test_user_and_password_are_sent_and_not_shown() -> None:
    proxy = Proxy.of({"HTTPS_PROXY": f"http://jane:{CANARY}@proxy.example:3128"})
    assert proxy.address_for(PINTEREST) == f"http://jane:{CANARY}@proxy.example:3128"
    assert str(proxy) == "proxy.example:3128"
    assert CANARY not in repr(proxy)


@pytest.mark.parametrize(
    "text",
    [
        "socks5://{}@a:1",
        "ftp://{}@a",
        "http://{}@",
        "http://{}@[::1",
        "{}@a:99999",
        "{}@a:0",
        "{} a:1",
        "{}\na:1",
    ],
)
def test_what_is_no_proxy_is_an_error_that_does_not_quote_it(text: str) -> None:
    with pytest.raises(ConfigError, match=r'^HTTPS_PROXY must be "http://HOST:PORT"') as error:
        Proxy.of({"HTTPS_PROXY": text.format(CANARY)})
    assert CANARY not in str(error.value)


def test_it_matters_only_where_something_is_spoken_to_over_the_internet() -> None:
    """So that the emulated platforms can be tried in any network."""
    environ = {"HTTPS_PROXY": "socks5://a:1", "RELAY_NOTIFY__WEBHOOK": "https://hooks.example/a"}
    alone = parse(EMULATED, {}, origin="relay.toml")
    assert proxy_of(alone, environ).address_for(PINTEREST) is None
    with pytest.raises(ConfigError, match="HTTPS_PROXY"):
        proxy_of(parse(EMULATED, environ, origin="relay.toml"), environ)


def test_one_platform_over_the_internet_beside_emulated_ones_is_enough() -> None:
    real = '[destinations.tiktok-main]\ntype = "tiktok"\npixel_code = "CEXAMPLE000000000000"\n'
    mixed = parse(EMULATED + real, {}, origin="relay.toml")
    proxy = proxy_of(mixed, {"HTTPS_PROXY": "proxy.example:3128"})
    assert proxy.address_for(PINTEREST) == "http://proxy.example:3128"
    assert proxied(mixed, proxy) == ["tiktok-main"]
