"""Connections of all workers in one piece of memory."""

from relay.workers.seats import attached, shared


def test_each_worker_sees_those_of_the_others() -> None:
    with (
        shared(3) as (_, descriptor),
        attached(descriptor, 3, 0) as first,
        attached(descriptor, 3, 1) as second,
    ):
        first.sit(5)
        second.sit(2)
        assert (first.taken_elsewhere, second.taken_elsewhere) == (2, 5)
        assert first.crowded
        assert not second.crowded


def test_of_many_connections_a_few_more_or_less_are_of_no_account() -> None:
    with (
        shared(2) as (_, descriptor),
        attached(descriptor, 2, 0) as first,
        attached(descriptor, 2, 1) as second,
    ):
        first.sit(80)
        second.sit(75)
        assert first.tolerance == 5
        assert not first.crowded
        second.sit(74)
        assert first.crowded


def test_a_worker_that_does_not_run_takes_no_seat_and_is_not_waited_for() -> None:
    with (
        shared(2) as (seats, descriptor),
        attached(descriptor, 2, 0) as first,
        attached(descriptor, 2, 1) as second,
    ):
        first.sit(1)
        crowded = [first.crowded]
        second.sit(0)
        crowded.append(first.crowded)
        seats.leave(1)
        crowded.append(first.crowded)
        assert crowded == [False, True, False]
        assert first.taken_elsewhere == 0
