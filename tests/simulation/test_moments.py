"""When requests go, to the moment: in virtual time, with the real journal and senders."""

from pathlib import Path

from tests.given.destination.sending import PINTEREST, purchase, purchases
from tests.given.event.builders import NOW_S
from tests.simulation import virtual_time
from tests.simulation.world import Platforms, VirtualClock, relay

LINGER_S = 1.0
SLOWEST_S = 0.25
"""The longest that the platforms take to answer."""
TICK_S = 0.001


class Ticking(VirtualClock):
    """Moves on whenever somebody looks, as it does where looking takes time."""

    def __call__(self) -> float:
        self.skip(TICK_S)
        return super().__call__() + self._ahead_s


def test_what_comes_during_the_linger_of_another_event_goes_with_it(tmp_path: Path) -> None:
    platforms = Platforms()

    async def two_within_the_linger() -> float:
        async with relay(tmp_path, platforms, max_batch=10) as sending:
            began_s = sending.clock()
            for event_id in ("first", "second"):
                await sending.accept(purchase(sending.clock, event_id))
                await virtual_time.sleep(LINGER_S / 2)
            await virtual_time.sleep(LINGER_S)
        return began_s

    ready_s = virtual_time.run(two_within_the_linger()) + LINGER_S
    [request] = platforms.pinterest
    assert [each.event_id for each in request.events] == ["first", "second"]
    assert ready_s <= request.at_s <= ready_s + SLOWEST_S


def test_a_linger_that_ends_in_the_middle_of_a_look_is_not_slept_over(tmp_path: Path) -> None:
    platforms = Platforms()

    async def looks_around_its_end() -> list[float]:
        async with relay(tmp_path, platforms, max_batch=10, rate=100.0, clock=Ticking()) as sending:
            loop, came_s = virtual_time.virtual_loop(), []
            for looks in range(50):
                came_s.append(loop.time())
                await sending.accept(purchase(sending.clock, f"order-{looks}"))
                await virtual_time.sleep(LINGER_S - (50 - looks) * TICK_S)
                sending.dispatcher.notify()
                await virtual_time.sleep(2 * LINGER_S)
        return came_s

    came_s = virtual_time.run(looks_around_its_end())
    taken_s = [request.at_s - NOW_S for request in platforms.pinterest]
    waited_s = [taken - came for taken, came in zip(taken_s, came_s, strict=True)]
    assert max(waited_s) <= LINGER_S + SLOWEST_S


def test_an_answer_makes_room_for_the_next_request_at_once(tmp_path: Path) -> None:
    """There are few places at first; were each taken again a second later, this took ten."""
    platforms = Platforms()

    async def a_hundred_requests() -> None:
        async with relay(tmp_path, platforms, max_batch=1, rate=1000.0) as sending:
            await sending.accept(*purchases(sending.clock, 100))
            await virtual_time.sleep(4.0)

    virtual_time.run(a_hundred_requests())
    assert len(platforms.pinterest) == 100


def test_a_stop_is_heard_at_once_by_a_sender_that_has_nothing_to_do(tmp_path: Path) -> None:
    async def seconds_to_stop() -> float:
        async with relay(tmp_path, Platforms(), max_batch=10) as sending:
            await virtual_time.sleep(LINGER_S / 2)
            began_s = sending.clock()
            sending.dispatcher.stop()
            await sending.running
            return sending.clock() - began_s

    assert virtual_time.run(seconds_to_stop()) == 0


def test_an_end_of_a_pause_is_heard_at_once(tmp_path: Path) -> None:
    platforms = Platforms()

    async def pause_and_resume() -> float:
        async with relay(tmp_path, platforms, max_batch=10) as sending:
            await sending.dispatcher.pause(PINTEREST)
            await sending.accept(purchase(sending.clock, "order"))
            await virtual_time.sleep(2.5 * LINGER_S)
            assert not platforms.pinterest
            resumed_s = sending.clock()
            await sending.dispatcher.resume(PINTEREST)
            await virtual_time.sleep(LINGER_S)
        return resumed_s

    resumed_s = virtual_time.run(pause_and_resume())
    [request] = platforms.pinterest
    assert request.at_s - resumed_s <= SLOWEST_S
