"""A whole body goes through intake: what is taken, what is remembered, what the journal gets."""

import asyncio
import json
from typing import NoReturn

import pytest

from relay.errors import JournalUnavailable
from relay.intake import Intake, Origin, Router, Storage, Taken, Unreadable, Window
from relay.intake.intake import CHUNK_BYTES, CHUNK_EVENTS
from relay.journal.entry import Rejection
from relay.journal.figures.reports import MAX_REJECTIONS
from tests.given.destination.stub import StubDestination, route_to
from tests.given.event.builders import NOW_S
from tests.given.event.inbound import body, encoded, event
from tests.given.journal.recording import RecordingJournal

HTTP = Origin("http")


def intake(journal: RecordingJournal) -> Intake:
    router = Router(
        [route_to(StubDestination("first")), route_to(StubDestination("second"))], Window(99)
    )
    return Intake(router, Storage(router, journal), lambda: NOW_S)


def problems(taken: Taken) -> list[tuple[int, str | None, str, str]]:
    return [
        (each.index, each.event_id, each.problem.code, each.problem.path) for each in taken.errors
    ]


async def test_bad_events_are_found_and_their_neighbours_taken() -> None:
    events = body(
        event(event_id="a"),
        event(event_id="b", evnet=1),
        event(event_id=3, user={}),
        event(event_id="d", destinations=["first", "third"]),
        event(event_id="e"),
    )

    taken = await intake(RecordingJournal()).take_json(events, Origin("http"))

    assert [entry.conversion.event_id for entry in taken.entries] == ["a", "e"]
    assert problems(taken) == [
        (1, "b", "unknown_key", "evnet"),
        (2, "3", "no_identifier", "user"),
        (3, "d", "invalid_value", "destinations[1]"),
    ]


async def test_a_line_that_is_no_json_is_its_own_error() -> None:
    lines = b"\n".join([encoded(event_id="a"), b"", b"{broken", b"\xff", encoded(event_id="b")])

    taken = await intake(RecordingJournal()).take_ndjson(lines, Origin("http"))

    assert [entry.conversion.event_id for entry in taken.entries] == ["a", "b"]
    assert problems(taken) == [(2, None, "not_json", ""), (3, None, "not_json", "")]


@pytest.mark.parametrize("wrong", [{}, {"evnet": 1}], ids=["alone", "behind a wrong key"])
async def test_half_of_a_surrogate_pair_is_the_problem_of_its_event_alone(
    wrong: dict[str, int],
) -> None:
    cut = event(event_id="b", order={"content_name": "a party \ud83c"}, **wrong)

    taken = await intake(RecordingJournal()).take_json(
        body(event(event_id="a"), cut, event(event_id="c")), HTTP
    )

    assert [entry.event_id for entry in taken.entries] == ["a", "c"]
    assert problems(taken) == [(1, None, "not_json", "")]


async def test_an_array_with_a_number_that_nobody_can_hold_is_unreadable_as_a_whole() -> None:
    events = b"[" + encoded() + b',{"event":7,"order":{"value":1e999}}]'

    with pytest.raises(Unreadable):
        await intake(RecordingJournal()).take_json(events, Origin("http"))


async def test_warnings_name_the_event_and_the_path() -> None:
    users = body(event(event_id="a"), event(event_id="b", user={"email": ["x@y.de", "nobody"]}))

    taken = await intake(RecordingJournal()).take_json(users, Origin("http"))

    [warning] = taken.warnings
    assert (warning.index, warning.event_id) == (1, "b")
    assert (warning.problem.code, warning.problem.path) == ("invalid_value", "user.email[1]")


async def test_an_event_may_name_its_destinations() -> None:
    taken = await intake(RecordingJournal()).take_json(
        encoded(destinations=["second"]), Origin("http")
    )

    [entry] = taken.entries
    assert entry.passed["first"].reason == "not_selected"
    assert list(entry.payloads) == ["second"]


async def test_the_journal_gets_entries_and_rejections_without_values() -> None:
    journal = RecordingJournal()
    whole = intake(journal)
    taken = await whole.take_json(body(event(), event(event_id="b", user={})), Origin("http"))

    await whole.store(taken, Origin("http", "shop"))

    assert journal.event_ids == ["order-1"]
    message = taken.errors[0].problem.message
    assert journal.rejections == [
        Rejection(NOW_S * 1000, "http", "shop", "b", "no_identifier", "user", message)
    ]


@pytest.mark.parametrize(
    ("event_id", "kept"),
    [
        ("order-maria@shop.example", "[e-mail]"),
        ("order-maria%40shop.example", "[e-mail]"),
        ("+49 151 23456789", "[phone]"),
        ("1000012345", "1000012345"),
        ("0198f0c0-5b1e-7cc3-98c4-dc0c0c07398f", "0198f0c0-5b1e-7cc3-98c4-dc0c0c07398f"),
    ],
)
async def test_of_the_id_of_a_refused_event_no_personal_data_is_kept(
    event_id: str, kept: str
) -> None:
    """The producer is told its own id; what is kept and shown to others has no person in it."""
    journal = RecordingJournal()
    whole = intake(journal)
    taken = await whole.take_json(encoded(event_id=event_id, user={}), Origin("http"))

    await whole.store(taken, Origin("http"))

    assert [each.event_id for each in taken.errors] == [event_id]
    assert [each.event_id for each in journal.rejections] == [kept]


async def test_what_is_on_disk_is_acknowledged_whatever_a_listener_does() -> None:
    def listener(*_: object) -> None:
        raise RuntimeError("a figure cannot be counted")

    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    router = Router([route_to(StubDestination("first"))], Window(99))
    storage = Storage(router, RecordingJournal(), on_stored=listener)
    whole = Intake(router, storage, lambda: NOW_S)
    taken = await whole.take_json(encoded(), Origin("http"))

    async with asyncio.timeout(5):
        await whole.store(taken, Origin("http"))

    assert len(told) == 1


async def test_an_event_that_was_not_stored_is_no_duplicate_when_it_comes_again() -> None:
    journal = RecordingJournal(held=True)
    whole = intake(journal)
    failed = whole.store(await whole.take_json(encoded(), Origin("http")), Origin("http"))

    journal.fail()
    with pytest.raises(JournalUnavailable):
        await failed
    again = whole.store(await whole.take_json(encoded(), Origin("http")), Origin("http"))
    journal.release()
    await again

    [entry] = journal.entries
    assert entry.passed == {}


async def test_a_journal_that_refuses_at_once_is_no_different() -> None:
    journal = RecordingJournal()
    whole = intake(journal)
    taken = await whole.take_json(encoded(), Origin("http"))
    journal.refusal = "the disk is full"

    refused = whole.store(taken, Origin("http"))
    journal.refusal = None
    stored = whole.store(taken, Origin("http"))

    with pytest.raises(JournalUnavailable):
        await refused
    await stored
    assert [entry.passed for entry in journal.entries] == [{}]


async def test_nor_is_an_event_that_met_a_mistake_of_the_relays_own() -> None:
    class Mistaken(RecordingJournal):
        def append(self, *_: object) -> NoReturn:
            raise RuntimeError

    router, journal = Router([route_to(StubDestination("first"))], Window(99)), RecordingJournal()
    taken = await Intake(router, Storage(router, journal), lambda: NOW_S).take_json(encoded(), HTTP)

    with pytest.raises(RuntimeError):
        Storage(router, Mistaken()).put(taken.entries)
    await Storage(router, journal).put(taken.entries)

    assert [entry.passed for entry in journal.entries] == [{}]


async def test_to_end_the_waiting_does_not_take_the_events_back() -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    journal = RecordingJournal(held=True)
    whole = intake(journal)
    taken = await whole.take_json(encoded(), Origin("http"))

    whole.store(taken, Origin("http")).cancel()
    journal.release()
    again = whole.store(await whole.take_json(encoded(), Origin("http")), Origin("http"))
    journal.release()
    await again

    assert [list(entry.passed) for entry in journal.entries] == [[], ["first", "second"]]
    assert not told


async def test_a_body_that_is_refused_late_makes_nothing_a_duplicate() -> None:
    """Otherwise an event posted while a large body is taken would be lost with that body."""
    journal = RecordingJournal()
    whole = intake(journal)
    events = [encoded(event_id=str(number)) for number in range(CHUNK_EVENTS + 1)]
    refused = b"[" + b",".join(events) + b',{"custom":{"a":1e999}}]'

    late = asyncio.create_task(whole.take_json(refused, Origin("http")))
    await asyncio.sleep(0)
    await whole.store(await whole.take_json(encoded(event_id="0"), Origin("http")), Origin("http"))
    with pytest.raises(Unreadable):
        await late

    assert [entry.passed for entry in journal.entries] == [{}]


async def turns_beside(whole: Intake, events: bytes) -> tuple[Taken, int]:
    """Return what a body came to, and how many turns others had meanwhile."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    taken = await whole.take_json(events, Origin("http"))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return taken, turns


async def test_a_large_body_leaves_the_loop_to_others_between_its_chunks() -> None:
    events = json.dumps([event(event_id=number) for number in range(CHUNK_EVENTS * 3)]).encode()

    taken, turns = await turns_beside(intake(RecordingJournal()), events)

    assert len(taken.entries) == CHUNK_EVENTS * 3
    assert turns == 2


async def test_long_events_leave_the_loop_to_others_however_few_they_are() -> None:
    """Each costs as much as hundreds of others: an unknown key is scrubbed before it is shown."""
    events = json.dumps([event(**{"k" * CHUNK_BYTES: 1})] * 5).encode()

    taken, turns = await turns_beside(intake(RecordingJournal()), events)

    assert len(taken.errors) == 5
    assert turns == 4


async def test_only_the_rejections_that_can_be_seen_keep_their_ids() -> None:
    journal = RecordingJournal()
    whole = intake(journal)
    count = MAX_REJECTIONS + 2

    taken = await whole.take_json(body(*[event(event_id=at, a=1) for at in range(count)]), HTTP)
    await whole.store(taken, HTTP)

    kept = [each.event_id for each in journal.rejections]
    assert kept == [None, None, *map(str, range(2, count))]
    assert taken.errors[0].event_id == "0"
