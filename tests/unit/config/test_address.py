import pytest

from relay.config import BaseUrl, Country, Listen
from relay.config.address import is_loopback
from relay.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("localhost:0", "localhost", 0, True),
        ("[::1]:8080", "::1", 8080, True),
        ("[::]:8080", "::", 8080, False),
        ("10.0.0.1:80", "10.0.0.1", 80, False),
        ("relay.internal:65535", "relay.internal", 65_535, False),
        (f"{'a' * 63}.internal.:1", f"{'a' * 63}.internal.", 1, False),
    ],
)
def test_an_address_is_host_and_port(text: str, host: str, port: int, loopback: bool) -> None:  # noqa: FBT001 - a table
    listen = Listen(text)

    assert (listen.host, listen.port, listen.loopback) == (host, port, loopback)
    assert str(listen) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8080",
        ":8080",
        "a:b",
        "a:65536",
        "::1:80",
        "[x]:1",
        "[::g]:1",
        "[::1::]:1",
        "http://a:1",
        "a:",
        "relay..internal:80",
        ".:80",
        f"{'a' * 64}.internal:80",
    ],
)
def test_what_is_no_address_says_what_one_is(text: str) -> None:
    with pytest.raises(ConfigError, match=r'must be an address .* such as "127.0.0.1:8080"'):
        Listen(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://API.pinterest.com", "https://api.pinterest.com"),
        ("https://api.pinterest.com/", "https://api.pinterest.com"),
        ("https://api.pinterest.com:443", "https://api.pinterest.com"),
        ("https://api.pinterest.com:8443", "https://api.pinterest.com:8443"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_one_platform_has_one_spelling(text: str, normal: str) -> None:
    assert BaseUrl(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "api.pinterest.com",
        "https://",
        "https://host/v5",
        "https://host?x=1",
        "https://user:password@host",
        "https://host:0",
        "https://host:99999",
        "https://[x]",
        "https://exämple.com",
        "https://api..pinterest.com",
        "https://.pinterest.com",
        "ftp://host",
    ],
)
def test_more_than_scheme_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="must be scheme://host"):
        BaseUrl(text)


def test_a_token_never_travels_in_the_clear() -> None:
    with pytest.raises(ConfigError, match="must use https"):
        BaseUrl("http://api.pinterest.com")


def test_loopback_is_told_from_the_text_alone() -> None:
    assert all(map(is_loopback, ("localhost", "LOCALHOST", "127.8.9.1", "::1")))
    assert not any(map(is_loopback, ("localhost.example.com", "10.0.0.1", "::", "", "127.1")))


def test_an_ipv4_address_in_ipv6_is_what_it_is_by_itself() -> None:
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("::ffff:10.0.0.1")


def test_a_country_is_two_letters_of_any_case() -> None:
    assert Country("us") == "US"


@pytest.mark.parametrize("text", ["", "USA", "XX", "U", "Österreich"])
def test_what_is_no_country_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r'two letters .* such as "US"'):
        Country(text)


def test_the_united_kingdom_has_another_code() -> None:
    with pytest.raises(ConfigError, match='must be "GB"'):
        Country("UK")
