"""The browser's events, and ids that people would call the same."""

import io
import time

import pytest

from relay.comparison.pixel_file import TEMPLATE, PixelEvent, PixelFile, loose

PLATFORMS = ["pinterest", "tiktok", "tiktok-main"]


def events(text: str) -> PixelFile:
    return PixelFile(io.BytesIO(text.encode()), PLATFORMS, lambda _: None)


def test_an_event_needs_an_id_and_a_name() -> None:
    assert list(events("eid;event\norder-1;Order Completed\n")) == [
        PixelEvent(2, "order-1", "Order Completed", "purchase", None, "", "")
    ]


def test_the_template_can_be_read() -> None:
    found = list(events(TEMPLATE))
    assert [(each.name, each.standard, each.platform) for each in found] == [
        ("checkout", "purchase", "pinterest"),
        ("Purchase", "purchase", "tiktok"),
    ]
    assert {each.order_id for each in found} == {"1001"}


def test_bad_lines_are_named_without_quoting_them() -> None:
    file = events("event_id,name,platform\n,a,\nx,,\ny,purchase,myspace\nz,purchase,TikTok\n")
    assert [each.event_id for each in file] == ["z"]
    assert [fault.line for fault in file.faults.listed] == [2, 3, 4]
    assert "myspace" not in repr(file.faults.listed)


@pytest.mark.parametrize("text", ["1001", "#1001", "Order-1001", "ORDER_1001", "purchase.1001"])
def test_ids_that_differ_in_spelling_only_are_alike(text: str) -> None:
    assert loose(text) == "1001"


@pytest.mark.parametrize("text", ["order", "purchase-a", "b7e1-44", "1002", ""])
def test_other_ids_are_not(text: str) -> None:
    assert loose(text) != "1001"
    assert bool(loose(text)) == bool(text)


def test_a_long_id_of_words_is_looked_at_once() -> None:
    words = "id" * 20_000
    start = time.process_time()
    assert loose(words) == words
    assert loose(words + "7") == "7"
    assert time.process_time() - start < 0.5
