"""Connections of all workers in one piece of memory."""

from relay.workers.connection_count import attached, shared


def test_each_worker_sees_those_of_the_others() -> None:
    with (
        shared(3) as (_, descriptor),
        attached(descriptor, 3, 0) as first,
        attached(descriptor, 3, 1) as second,
    ):
        first.report(5)
        second.report(2)
        assert (first.elsewhere, second.elsewhere) == (2, 5)
        assert first.crowded
        assert not second.crowded


def test_of_many_connections_a_few_more_or_less_are_of_no_account() -> None:
    with (
        shared(2) as (_, descriptor),
        attached(descriptor, 2, 0) as first,
        attached(descriptor, 2, 1) as second,
    ):
        first.report(80)
        second.report(75)
        assert first.tolerance == 5
        assert not first.crowded
        second.report(74)
        assert first.crowded


def test_a_worker_that_does_not_run_takes_no_seat_and_is_not_waited_for() -> None:
    with (
        shared(2) as (counts, descriptor),
        attached(descriptor, 2, 0) as first,
        attached(descriptor, 2, 1) as second,
    ):
        first.report(1)
        crowded = [first.crowded]
        second.report(0)
        crowded.append(first.crowded)
        counts.remove(1)
        crowded.append(first.crowded)
        assert crowded == [False, True, False]
        assert first.elsewhere == 0
