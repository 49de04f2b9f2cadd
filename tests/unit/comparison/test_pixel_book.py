"""Events without a twin of the same id, and those that are paired nevertheless."""

from collections.abc import Sequence

from relay.comparison.pixel_book import SAME_ID, Alone, Pair, PixelBook
from relay.comparison.pixel_file import PixelEvent
from relay.event_name import canonical_name


def browser(
    line: int, event_id: str, name: str = "purchase", time_s: int | None = 0, order_id: str = ""
) -> PixelEvent:
    return PixelEvent(line, event_id, name, canonical_name(name), time_s, order_id, "")


def alone(event_id: str, time_s: int = 0, order_id: str = "", event: str = "purchase") -> Alone:
    return Alone(event_id, event, time_s, order_id, b"\x00\x01")


def pairs(server: Sequence[Alone], events: Sequence[PixelEvent]) -> list[Pair]:
    with PixelBook.open() as book:
        book.add(events)
        book.note_alone(server)
        return list(book.pairs())


def test_the_same_order_is_the_same_sale_whatever_the_ids() -> None:
    server, event = alone("s-1", order_id="1001"), browser(2, "b-1", order_id="#1001", time_s=99)
    assert pairs([server], [event]) == [Pair(server, [event], "order")]


def test_a_browser_that_sends_the_order_number_as_the_id_is_found() -> None:
    server, event = alone("6f1c", order_id="1001"), browser(2, "1001", time_s=None)
    assert pairs([server], [event]) == [Pair(server, [event], "order")]


def test_ids_that_differ_in_case_only_are_one_sale() -> None:
    server, event = alone("Order-AB1"), browser(2, "order-ab1", time_s=99)
    assert pairs([server], [event]) == [Pair(server, [event], "spelling")]


def test_the_same_second_suggests_one_sale_only_if_nothing_else_is_near() -> None:
    server, event = alone("s-1"), browser(2, "b-1", time_s=2)
    assert pairs([server], [event]) == [Pair(server, [event], "time")]
    assert not pairs([server, alone("s-2", 1)], [event])
    assert not pairs([server], [event, browser(3, "b-2")])
    assert not pairs([server], [browser(2, "b-1", time_s=3)])


def test_the_same_second_of_two_orders_or_of_a_page_view_suggests_nothing() -> None:
    assert not pairs([alone("s", order_id="7")], [browser(2, "b", order_id="8")])
    assert not pairs([alone("s", event="page_view")], [browser(2, "b", "pagevisit")])


def test_another_action_is_another_sale() -> None:
    assert not pairs([alone("s", order_id="7")], [browser(2, "b", "signup", order_id="7")])


def test_the_events_of_all_platforms_go_with_one_pair_and_nothing_is_paired_twice() -> None:
    events = [browser(2, "b-1", "checkout", order_id="7"), browser(3, "b-1", order_id="7")]
    found = pairs([alone("s-1", order_id="7"), alone("s-2", order_id="7")], events)
    assert [(each.server.event_id, each.browser) for each in found] == [("s-1", events)]


def test_what_only_the_browser_sent_is_counted_by_name() -> None:
    events = [browser(2, "a"), browser(3, "b", time_s=50), browser(4, "c"), browser(5, "d", "lead")]
    with PixelBook.open() as book:
        book.add(events)
        book.mark(["a"])
        found = book.browser_only(10)
        assert [tuple(each) for each in found] == [("purchase", 2, 1, "b"), ("lead", 1, 1, "d")]
        book.forget_server()
        assert book.browser_only(None)[0].events == 3


def test_a_pixel_that_fires_without_end_is_compared_only_up_to_a_bound() -> None:
    with PixelBook.open() as book:
        book.add([browser(line, "a") for line in range(2, 1_000)])
        assert len(book.same_ids({"a", "b"})["a"]) == SAME_ID
        assert book.period() == (0, 0)
