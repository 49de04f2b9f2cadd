"""Results of forms: each has a token of its own, and the latest are kept."""

from aiohttp.test_utils import make_mocked_request

from relay.admin.pages.done import KEPT, Done


def named(done: Done[int], token: str) -> int | None:
    return done.named_by(make_mocked_request("GET", f"/undelivered?done={token}"))


def test_results_of_one_moment_are_told_apart_and_the_oldest_is_forgotten() -> None:
    done = Done[int](lambda: 1_000.0)
    tokens = [done.keep(number) for number in range(KEPT + 1)]
    assert [named(done, token) for token in tokens] == [None, *range(1, KEPT + 1)]


def test_a_clock_that_is_set_back_gives_no_token_twice() -> None:
    moments = iter([1_000.0, 900.0])
    done = Done[int](lambda: next(moments))
    first, second = done.keep(1), done.keep(2)
    assert (named(done, first), named(done, second)) == (1, 2)
