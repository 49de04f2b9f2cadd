"""Page addresses lose the e-mail addresses in them, and nothing else."""

from urllib.parse import quote

import pytest

from relay.event import MAX_TEXT
from relay.intake.page import MAX_ENCODINGS, query_of, without_emails

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (f"{SHOP}/?email=jane@example.com", f"{SHOP}/?email="),
        (f"{SHOP}/?email=jane%40example.com&ttclid=E.C.P", f"{SHOP}/?email=&ttclid=E.C.P"),
        (f"{SHOP}/?email=jane%2540example.com", f"{SHOP}/?email="),
        (f"{SHOP}/?email=jane%40example%2Ecom", f"{SHOP}/?email="),
        (f"{SHOP}/?e=jane+doe%40example.com", f"{SHOP}/?e="),
        (f"{SHOP}/?e=jane+%40example.com&a=1", f"{SHOP}/?e=&a=1"),
        (f"{SHOP}/?e=jane%2540%2520example.com", f"{SHOP}/?e="),
        (f"{SHOP}/?e=jane @ example.com", f"{SHOP}/?e="),
        (f"{SHOP}/?a=1;e=jane@example.com;b=2", f"{SHOP}/?a=1;e=;b=2"),
        (f"{SHOP}/?jane@example.com", f"{SHOP}/?"),
        (f"{SHOP}/unsubscribe/jane@example.com/now", f"{SHOP}/unsubscribe//now"),
        (f"{SHOP}/#/user/jane@example.com", f"{SHOP}/#/user/"),
        (f"{SHOP}/?to=mailto:jane@example.com", f"{SHOP}/?to=mailto:"),
        (f"{SHOP}/?e=jane@exämple.de", f"{SHOP}/?e="),
        (f"{SHOP}/?q=jane\uff20example.com&a=1", f"{SHOP}/?q=&a=1"),
        (f"{SHOP}/?q=" + quote("\uff4a\uff41\uff4e\uff45\uff20ex\uff0ecom"), f"{SHOP}/?q="),
        (f"{SHOP}/?q=jane%25ef%25bc%25a0example.com", f"{SHOP}/?q="),
        (f"{SHOP}/?e=jane&#64;example.com&a=1", f"{SHOP}/?e=&a=1"),
        (f"{SHOP}/?e=jane&#x40;example.com", f"{SHOP}/?e="),
        (f"{SHOP}/?next=https%3A%2F%2Fshop.example%2F%3Fe%3Djane%40example.com", f"{SHOP}/?next="),
        ("https://jane@example.com@shop.example/?a=1", "https://shop.example/?a=1"),
        ("https://jane:secret@shop.example/", "https://shop.example/"),
        ("//jane@shop.example/", "//shop.example/"),
        ("mailto:jane@example.com", "mailto:"),
    ],
)
def test_the_part_that_holds_an_address_is_emptied(url: str, kept: str) -> None:
    assert without_emails(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        None,
        SHOP,
        f"{SHOP}/thanks?epik=dj0yJnU9&ttclid=E.C.P.Ck-_",
        f"{SHOP}/?q=100%25%20wool&path=%2Fa%2Fb",
        f"{SHOP}/@janedoe/video/7",
        f"{SHOP}/?redirect=https%3A%2F%2Fwww.tiktok.com%2F%40janedoe",
        f"{SHOP}/npm/lamp@1.2.3/",
        f"{SHOP}/?at=@&b=a@b",
        f"{SHOP}/?q=%EF%BC%88lamp%EF%BC%89&caf\uff20tokyo&#8211;",
        f"{SHOP}/?a=b&#64;c",
        "not an address at all % zz",
    ],
)
def test_anything_else_stays_to_the_letter(url: str | None) -> None:
    assert without_emails(url) == url


@pytest.mark.parametrize("times", range(MAX_ENCODINGS + 5))
def test_an_address_is_found_however_often_it_is_encoded(times: int) -> None:
    address = "jane@example.com"
    for _ in range(times):
        address = quote(address)

    assert without_emails(f"{SHOP}/?e={address}&a=1") == f"{SHOP}/?e=&a=1"


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0"])
def test_a_blank_address_is_none(blank: str) -> None:
    assert without_emails(blank) is None


def test_the_query_of_an_address_that_no_event_may_have_is_not_read() -> None:
    """Segment's clients and Shopify send addresses that nobody has measured before."""
    longest = f"{SHOP}/?ttclid=abc&a=".ljust(MAX_TEXT, "b")
    assert query_of(longest)["ttclid"] == "abc"
    assert query_of(f"{longest}b") == {}
