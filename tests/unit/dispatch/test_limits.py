from relay.dispatch.limits import TokenBucket


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_of_one_second_goes_at_once_and_then_the_rate_holds() -> None:
    clock = Clock()
    bucket = TokenBucket(5.0, clock)
    sent = 0
    for tick in range(100):
        clock.now = tick / 10
        while bucket.wait_s() == 0:
            bucket.take()
            sent += 1
    assert 50 <= sent <= 55


def test_the_wait_is_the_time_until_the_next_token() -> None:
    clock = Clock()
    bucket = TokenBucket(2.0, clock)
    for _ in range(2):
        bucket.take()
    assert bucket.wait_s() == 0.5


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    clock = Clock()
    bucket = TokenBucket(1.0, clock)
    bucket.take()
    clock.now = -100.0
    assert bucket.wait_s() == 1.0


def test_a_rate_below_one_a_second_still_lets_a_request_through() -> None:
    clock = Clock()
    bucket = TokenBucket(0.1, clock)
    assert bucket.wait_s() == 0
    bucket.take()
    clock.now = 10.0
    assert bucket.wait_s() == 0
