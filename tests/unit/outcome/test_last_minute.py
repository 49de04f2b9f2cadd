"""What happened within the last minute is counted, and what is older is forgotten."""

from relay.outcome.last_minute import LastMinute


class Clock:
    now_s = 1_000.5

    def __call__(self) -> float:
        return self.now_s


def test_what_is_a_minute_old_does_not_count_any_more() -> None:
    clock = Clock()
    requests = LastMinute(clock)
    requests.add()
    requests.add()
    clock.now_s += 59
    requests.add()
    assert requests.count() == 3
    clock.now_s += 1
    assert requests.count() == 1
    clock.now_s += 3600
    assert requests.count() == 0


def test_a_clock_that_is_set_back_leaves_nothing_that_stays_for_hours() -> None:
    clock = Clock()
    requests = LastMinute(clock)
    requests.add()
    clock.now_s -= 600
    requests.add()
    assert requests.count() == 1
