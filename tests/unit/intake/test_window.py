"""What the duplicate window remembers, for how long, and what it can take back."""

import re
import tracemalloc
from uuid import UUID

from relay.intake.window import Window
from tests.given.config.known_key import known_keys

KEY = ("purchase", "order-1")


def test_an_event_is_remembered_for_the_destinations_that_got_it() -> None:
    window = Window(10)

    window.add(KEY, 0b01)
    window.add(KEY, 0b10)

    assert window.seen(KEY) == 0b11
    assert window.seen(("purchase", "order-2")) == 0
    assert window.seen(("signup", "order-1")) == 0


def test_at_least_as_many_events_are_remembered_as_promised_and_at_most_twice() -> None:
    window = Window(3)
    keys = [("purchase", f"order-{number}") for number in range(7)]

    for key in keys:
        window.add(key, 1)

    assert [window.seen(key) for key in keys] == [0, 0, 0, 1, 1, 1, 1]


def test_an_event_that_comes_again_is_remembered_anew() -> None:
    window = Window(2)
    window.add(KEY, 0b01)
    window.add(("purchase", "order-2"), 1)

    window.add(KEY, 0b10)
    window.add(("purchase", "order-3"), 1)

    assert window.seen(KEY) == 0b11


def test_an_event_that_is_repeated_again_and_again_is_never_forgotten() -> None:
    """However often it is one, a duplicate counts as an event of the last `size`."""
    window = Window(3)
    window.claim(KEY, 1)

    for number in range(20):
        window.claim(("purchase", f"another-{number}"), 1)
        window.claim(("purchase", f"third-{number}"), 1)
        assert window.claim(KEY, 1) == 1


def test_what_is_forgotten_is_new_and_the_rest_stays() -> None:
    window = Window(10)
    window.add(KEY, 0b11)

    window.forget(KEY, 0b01)
    assert window.seen(KEY) == 0b10

    window.forget(KEY, 0b10)
    assert window.seen(KEY) == 0


def test_an_event_can_be_forgotten_after_its_generation_has_grown_old() -> None:
    window = Window(1)
    window.add(KEY, 1)
    window.add(("purchase", "order-2"), 1)

    window.forget(("purchase", "order-2"), 1)
    window.forget(KEY, 1)

    assert window.seen(("purchase", "order-2")) == window.seen(KEY) == 0


def test_an_event_takes_no_more_memory_than_the_settings_say() -> None:
    """Whoever raises `deduplication_window` reckons with it; there are two generations."""
    size = 20_000
    tracemalloc.start()
    window = Window(size)
    for number in range(2 * size - 1):
        window.claim(("purchase", str(UUID(int=number))), 0b11)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    [told] = [
        int(*re.findall(r"up to (\d+) bytes", key.description))
        for key in known_keys()
        if key.path == "intake.deduplication_window"
    ]
    assert told / 2 < taken / size < told
