"""Advertising id, IP address and the texts that are sent as they are."""

import pytest

from relay.identity.device import (
    MAX_ADDRESSES,
    NOT_A_STATUS,
    NOT_PUBLIC,
    TOO_LONG,
    TRACKING_OFF,
    att_status,
    ip,
    mobile_ad_id,
    opaque,
    ttclid,
)
from relay.identity.digest import ZERO_ID, digest
from relay.identity.value import BLANK_VALUE, DIGEST_OF_NOTHING, HASHED, NO_PAIR, PLACEHOLDER

ID = "AEBE52E7-03EE-455A-B3C4-E57283966239"


def test_an_advertising_id_is_hashed_in_both_cases() -> None:
    expected = ((digest(ID.lower()), digest(ID.upper())), None)
    assert mobile_ad_id(f" {ID}\n") == expected
    assert mobile_ad_id(ID.lower()) == expected


def test_a_hashed_advertising_id_passes_to_both_forms() -> None:
    hashed = digest(ID)
    assert mobile_ad_id(hashed.upper()) == ((hashed, hashed), HASHED)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        *((ZERO_ID, TRACKING_OFF), ("0" * 32, TRACKING_OFF)),
        *((digest(ZERO_ID), DIGEST_OF_NOTHING), ("", BLANK_VALUE)),
    ],
)
def test_the_id_of_an_untracked_device_is_left_out(raw: str, problem: str) -> None:
    assert mobile_ad_id(raw) == (NO_PAIR, problem)


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("8.8.8.8, 10.0.0.1", "8.8.8.8"),
        ("unknown, 10.0.0.1, 203.0.113.7, 8.8.8.8", "203.0.113.7"),
        ("8.8.8.8:51234", "8.8.8.8"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("::FFFF:0808:0808", "8.8.8.8"),
        ("2001:0DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("\ufeff192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0, 2001:db8::1%jane@example.com", "2001:db8::1"),
        *((text, text) for text in ("198.51.100.1", "172.32.0.1", "100.128.0.1", "192.169.0.1")),
        *((text, text) for text in ("11.0.0.1", "169.253.0.1", "2a00:1450::1")),
    ],
)
def test_the_first_public_address_is_taken(raw: str, address: str) -> None:
    assert ip(raw) == (address, None)


@pytest.mark.parametrize(
    "raw",
    [
        *("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1"),
        *("169.254.1.1", "0.0.0.0", "::", "::1", "fe80::1", "fe80::1%eth0", "fd12::1"),  # noqa: S104
        *("::ffff:10.0.0.1", "10.0.0.1, 192.168.0.1", "8.8.8", "8.8.8.256", "08.8.8.8"),
        *("localhost", "", ",", "[", "\ud800", "8.8.8.8\x00", "(not set)"),
    ],
)
def test_where_no_visitor_can_be_is_left_out(raw: str) -> None:
    assert ip(raw) == (None, NOT_PUBLIC)


def test_a_list_without_end_is_read_from_its_beginning() -> None:
    proxies = "10.0.0.1," * (MAX_ADDRESSES - 1)
    assert ip(proxies + "203.0.113.7") == ("203.0.113.7", None)
    assert ip("," + proxies + "203.0.113.7") == (None, NOT_PUBLIC)


def test_an_opaque_text_loses_its_outer_blanks_only() -> None:
    assert opaque(" dj0y JnU9\u200bX \n") == ("dj0y JnU9\u200bX", None)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [("  ", BLANK_VALUE), ("undefined", PLACEHOLDER), ("Unknown", PLACEHOLDER)],
)
def test_an_opaque_text_that_means_nothing_is_left_out(raw: str, problem: str) -> None:
    assert opaque(raw) == (None, problem)
    assert ttclid(raw) == (None, problem)


def test_a_click_id_too_long_is_never_cut() -> None:
    assert ttclid("x" * 1000) == ("x" * 1000, None)
    assert ttclid("x" * 1001) == (None, TOO_LONG)


@pytest.mark.parametrize("raw", ["DENIED", " denied ", "Denied"])
def test_an_answer_on_tracking_gets_apples_own_spelling(raw: str) -> None:
    assert att_status(raw) == ("DENIED", None)


@pytest.mark.parametrize("raw", ["", "yes", "4"])
def test_another_word_on_tracking_is_left_out_and_the_event_stays(raw: str) -> None:
    assert att_status(raw) == (None, NOT_A_STATUS)
