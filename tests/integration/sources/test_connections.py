"""Connections of the producers' port: slow, broken off, crowded, refused, and closed in order."""

import asyncio
import gc
import gzip
import json
import socket
from contextlib import AsyncExitStack
from typing import cast

import pytest

from relay.errors import RelayError
from relay.http_connection import MAX_HEAD_BYTES, HttpConnection
from relay.sources.body import MAX_BODIES_AT_ONCE
from relay.sources.connections import MAX_REFUSED
from relay.sources.port import ACCEPTED_AT_ONCE, Port, cannot_listen
from relay.sources.receiver import MAX_LARGE_AT_ONCE, MAX_SEPARATORS, MAX_SMALL_BYTES
from tests.given.event.inbound import encoded, event
from tests.given.hostile.row import chunks
from tests.given.journal.recording import RecordingJournal
from tests.given.port.producers import (
    MAX_BODY_BYTES,
    Answered,
    Client,
    Serving,
    post,
    serving,
    until,
)

NOTHING = {"accepted": 0, "rejected": 0}


def counts(answered: Answered) -> dict[str, int]:
    return {name: answered.json[name] for name in ("accepted", "rejected")}


def statuses(port: Serving) -> dict[str, int]:
    """Return how often each status was the answer."""
    counted = port.metrics.answers.counts().items()
    return {status: count for (status,), count in counted if count}


async def test_a_relay_that_stops_takes_nothing_more() -> None:
    async with serving() as port:
        port.source.stop()

        answered = await port.post(encoded())

        assert (answered.status, counts(answered)) == (503, NOTHING)
        assert int(answered.headers["retry-after"]) > 0
        assert port.journal.entries == []


async def test_a_body_that_is_still_coming_when_the_relay_stops_is_answered_at_once() -> None:
    async with serving() as port, Client(port.number) as client:
        await client.send(post(encoded())[:-5])
        await until(lambda: port.source._receiver._bodies._deadlines)

        port.source.stop()

        assert (await client.answer()).status == 503


async def test_a_client_that_goes_on_sending_to_a_relay_that_stops_gets_its_answer() -> None:
    async with serving() as port, Client(port.number) as client:
        await client.send(post(b" " * 4 * MAX_HEAD_BYTES)[: -3 * MAX_HEAD_BYTES])
        await until(lambda: port.source._receiver._bodies._deadlines)
        port.source.stop()
        port.server.pre_shutdown()
        await client.send(b" " * 2 * MAX_HEAD_BYTES)

        assert (await client.answer()).status == 503


async def test_what_is_being_stored_when_the_port_closes_is_still_answered() -> None:
    journal = RecordingJournal(held=True)
    async with serving(journal) as port:
        client = await Client(port.number).__aenter__()
        await client.send(post(encoded()))
        await until(lambda: journal.waiting)
        port.source.stop()
        asyncio.get_running_loop().call_later(0.05, journal.release)

    assert (await client.answer()).status == 202
    assert await client.is_closed()
    await client.__aexit__()


async def test_a_client_that_is_gone_does_not_take_its_events_along() -> None:
    journal = RecordingJournal(held=True)
    async with serving(journal) as port:
        async with Client(port.number) as client:
            await client.send(post(encoded()))
            await until(lambda: journal.waiting)
            client.abort()
        await until(lambda: not port.open_connections)
        journal.release()
        again = asyncio.create_task(port.post(encoded()))
        await until(lambda: journal.waiting)
        journal.release()

        assert (await again).status == 202
        passed = [sorted(entry.passed) for entry in journal.entries]
        assert passed == [[], ["first", "second"]]


@pytest.mark.parametrize("sent", [encoded(), encoded() + b"     "])
async def test_a_client_that_is_gone_before_its_body_was_all_there_leaves_nothing(
    sent: bytes,
) -> None:
    async with serving() as port:
        for end in ("abort", "end_sending"):
            async with Client(port.number) as client:
                await client.send(post(sent)[:-5])
                await until(lambda: port.source._receiver._bodies._deadlines)
                getattr(client, end)()
                await until(lambda: not port.source._receiver._bodies._deadlines)

        assert (await port.post(encoded(event_id="next"))).status == 202
        assert port.journal.event_ids == ["next"]


@pytest.mark.parametrize("wave", [1, 3])
async def test_a_client_that_says_no_more_but_listens_gets_its_answers(wave: int) -> None:
    async with serving() as port, Client(port.number) as client:
        await client.send(b"".join(post(encoded(event_id=str(number))) for number in range(wave)))
        client.end_sending()

        assert [(await client.answer()).status for _ in range(wave)] == [202] * wave
        assert await client.is_closed()


async def test_a_client_that_says_no_more_while_its_event_is_stored_gets_its_answer() -> None:
    journal = RecordingJournal(held=True)
    async with serving(journal) as port, Client(port.number) as client:
        await client.send(post(encoded()))
        await until(lambda: journal.waiting)
        client.end_sending()
        asyncio.get_running_loop().call_later(0.05, journal.release)

        assert (await client.answer()).status == 202
        assert await client.is_closed()


async def test_a_client_that_says_no_more_after_its_answer_is_closed() -> None:
    async with serving() as port, Client(port.number) as client:
        await client.send(post(encoded()))
        await client.answer()
        client.end_sending()

        assert await client.is_closed()
        await until(lambda: not port.open_connections)


async def test_a_connection_that_ended_is_gone_without_a_collection() -> None:
    """The relay collects seldom; what waited for it would pile up."""
    async with serving() as port:
        gc.disable()
        of_others = connections_in_memory()
        try:
            async with Client(port.number) as client:
                await client.send(post(encoded()))
                await client.answer()
                assert len(connections_in_memory()) == len(of_others) + 1
            await until(lambda: len(connections_in_memory()) == len(of_others))
        finally:
            gc.enable()


def connections_in_memory() -> list[HttpConnection]:
    return [each for each in gc.get_objects() if isinstance(each, HttpConnection)]


async def test_every_answer_is_counted_by_its_status() -> None:
    async with serving() as port:
        for request in (
            post(encoded()),
            post(b"?"),
            b"GET /v1/nothing HTTP/1.1\r\nHost: relay\r\n\r\n",
            b"?\r\n\r\n",
        ):
            await port.send(request)
        assert statuses(port) == {"202": 1, "400": 2, "404": 1}


async def test_a_slow_body_is_waited_for_up_to_its_limit_and_no_longer() -> None:
    sent = post(encoded())
    async with serving(body_timeout_s=0.2) as port:
        async with Client(port.number) as client:
            for at in range(0, len(sent), 40):
                await client.send(sent[at : at + 40])
                await asyncio.sleep(0)
            assert (await client.answer()).status == 202
        async with Client(port.number) as client:
            await client.send(sent[:-1])
            answered = await client.answer()

        assert (answered.status, counts(answered)) == (408, NOTHING)
        assert answered.json["errors"][0]["code"] == "timeout"
        assert answered.headers["connection"] == "close"


@pytest.mark.parametrize("part", [b"", b"PO", b"POST /v1/events HTTP/1.1\r\nHost: relay\r\nX: "])
async def test_a_slow_head_ends_the_connection(part: bytes) -> None:
    async with serving(idle_timeout_s=0.1) as port, Client(port.number) as client:
        await client.send(part)

        assert await client.is_closed()


async def test_requests_of_one_connection_are_answered_in_their_order() -> None:
    sent = post(encoded(event_id="a")) + post(b"broken") + post(encoded(event_id="b"))
    async with serving() as port, Client(port.number) as client:
        await client.send(sent)

        assert [(await client.answer()).status for _ in range(3)] == [202, 400, 202]
        assert port.journal.event_ids == ["a", "b"]


@pytest.mark.parametrize(
    ("answers", "stored", "at_once"), [([202, 400], ["a"], False), ([400], [], True)]
)
async def test_a_request_before_broken_http_is_stored_and_acknowledged_or_neither(
    answers: list[int],
    stored: list[str],
    at_once: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """The parser gives back nothing of what came in one piece with what it cannot read."""
    pieces = [post(encoded(event_id="a")), b"?\r\n\r\n"]
    async with serving() as port, Client(port.number) as client:
        for piece in [b"".join(pieces)] if at_once else pieces:
            await client.send(piece)
            await until(lambda: port.server.requests_count or statuses(port))

        assert [(await client.answer()).status for _ in answers] == answers
        assert await client.is_closed()
        assert port.journal.event_ids == stored


async def test_many_pipelined_requests_are_all_answered() -> None:
    async with serving() as port, Client(port.number) as client:
        await client.send(b"".join(post(encoded(event_id=number)) for number in range(200)))

        assert {(await client.answer()).status for _ in range(200)} == {202}
        assert port.journal.event_ids == [str(number) for number in range(200)]


async def test_one_connection_more_than_the_limit_is_told_to_come_back() -> None:
    async with serving(max_connections=2) as port:
        async with Client(port.number) as first, Client(port.number) as second:
            await first.send(post(encoded(event_id="a")))
            await second.send(post(encoded(event_id="b")))
            assert {(await first.answer()).status, (await second.answer()).status} == {202}

            refused = await port.post(encoded(event_id="c"))

            assert (refused.status, counts(refused)) == (503, NOTHING)
            assert refused.headers["retry-after"] == "1"
            assert statuses(port) == {"202": 2, "503": 1}
            await first.send(post(encoded(event_id="d")))
            assert (await first.answer()).status == 202
        await until(lambda: not port.server.connections)
        assert (await port.post(encoded(event_id="e"))).status == 202
        assert port.journal.event_ids == ["a", "b", "d", "e"]


async def test_a_crowd_of_connections_is_refused_and_then_served() -> None:
    async with serving(max_connections=5) as port:
        clients = [await Client(port.number).__aenter__() for _ in range(40)]
        for client in clients:
            await client.send(post(encoded()))
        statuses = sorted([(await client.answer()).status for client in clients])
        for client in clients:
            await client.__aexit__()
        await until(lambda: not port.server.connections)

        assert statuses == [202] * 5 + [503] * 35
        assert (await port.post(encoded())).status == 202


async def test_a_client_that_asks_first_is_told_to_go_on_or_why_not() -> None:
    async with serving() as port:
        async with Client(port.number) as client:
            request = post(encoded(), Expect="100-continue")
            head, _, rest = request.partition(b"\r\n\r\n")
            await client.send(head + b"\r\n\r\n")
            assert (await client.answer()).status == 100
            await client.send(rest)
            assert (await client.answer()).status == 202
        async with Client(port.number) as client:
            large = post(b"", Expect="100-continue", Content_Length=str(MAX_BODY_BYTES + 1))
            await client.send(large)
            assert (await client.answer()).status == 413


async def test_who_reads_no_answer_before_the_body_is_sent_still_reads_a_refusal() -> None:
    """Such a client takes a closed connection for no answer, and sends the same for ever."""
    too_much = MAX_BODY_BYTES + 1
    async with serving() as port, Client(port.number) as client:
        await client.send(post(b"", Content_Length=str(too_much)))
        await until(lambda: statuses(port) == {"413": 1})
        await client.send(b" " * too_much)

        assert (await client.answer()).status == 413
        assert await client.is_closed()


async def test_the_rest_of_a_refused_body_is_waited_for_as_long_as_any_body() -> None:
    """On a slow line, it takes as long to send it."""
    loop, refused = asyncio.get_running_loop(), post(b"", Content_Length=str(MAX_BODY_BYTES + 1))
    async with serving(body_timeout_s=0.4) as port, Client(port.number) as client:
        await client.send(refused)
        assert (await client.answer()).status == 413
        began_s = loop.time()

        async with asyncio.timeout(1):
            assert await client.is_closed()
        assert loop.time() - began_s > 0.3


async def test_an_http_1_0_client_is_answered_and_never_asked_to_go_on() -> None:
    request = post(encoded(), Expect="100-continue").replace(b"HTTP/1.1", b"HTTP/1.0")
    async with serving() as port, Client(port.number) as client:
        await client.send(request[:-5])
        await until(lambda: port.source._receiver._bodies._deadlines)
        await client.send(request[-5:])

        assert (await client.answer()).status == 202
        assert await client.is_closed()


async def test_bodies_that_are_read_at_a_time_have_a_bound_together() -> None:
    """Many large bodies that never end must not fill the memory."""
    start = post(b" " * (MAX_BODY_BYTES - 1), Content_Length=str(MAX_BODY_BYTES))
    async with serving() as port:
        clients = [await Client(port.number).__aenter__() for _ in range(MAX_BODIES_AT_ONCE)]
        for client in clients:
            await client.send(start)
        await until(lambda: port.source._receiver._bodies._free_bytes == MAX_BODIES_AT_ONCE)

        refused = await port.post(b"[" + encoded() + b" " * 100 + b"]")
        for client in clients:
            client.abort()
            await client.__aexit__()
        await until(lambda: not port.source._receiver._bodies._deadlines)

        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert (await port.post(encoded())).status == 202
        bomb = gzip.compress(b" " * (MAX_BODY_BYTES + 1))
        assert (await port.post(bomb, Content_Encoding="gzip")).status == 413
        assert port.source._receiver._bodies._free_bytes == MAX_BODY_BYTES * MAX_BODIES_AT_ONCE


async def test_a_large_body_does_not_keep_the_others_waiting() -> None:
    large = json.dumps([event(event_id=number) for number in range(5000)]).encode()
    async with serving() as port, Client(port.number) as client:
        await client.send(post(large))
        await until(
            lambda: port.source._receiver._bodies._free_bytes < MAX_BODY_BYTES * MAX_BODIES_AT_ONCE
        )
        small = await port.post(encoded(event_id="small"))

        assert small.status == 202
        assert (await client.answer()).json["accepted"] == 5000
        assert port.journal.event_ids[0] == "small"


@pytest.mark.parametrize(
    "large",
    [
        post(b"[" + b"1," * MAX_SEPARATORS + encoded() + b"]"),
        post(b"1\n" * MAX_SEPARATORS + encoded(), Content_Type="application/x-ndjson"),
        post(b" " * MAX_SMALL_BYTES + encoded()),
    ],
    ids=["array", "lines", "bytes"],
)
async def test_few_large_bodies_are_prepared_at_a_time_and_small_ones_beside_them(
    large: bytes,
) -> None:
    journal = RecordingJournal(held=True)
    async with serving(journal) as port, AsyncExitStack() as clients:
        crowd = [await clients.enter_async_context(Client(port.number)) for _ in range(8)]
        for client in crowd:
            await client.send(large)
        await until(lambda: journal.waiting == MAX_LARGE_AT_ONCE)
        small = asyncio.create_task(port.post(encoded(event_id="small")))
        await until(lambda: journal.waiting == MAX_LARGE_AT_ONCE + 1)

        while not journal.entries or journal.waiting:
            assert journal.waiting <= MAX_LARGE_AT_ONCE + 1
            journal.release()
            await until(lambda: journal.waiting or len(journal.entries) == len(crowd) + 1)

        assert (await small).status == 202
        assert {(await client.answer()).json["accepted"] for client in crowd} == {1}


async def test_a_client_that_reads_none_of_its_answers_is_hung_up_on() -> None:
    request = post(b"[" + b"1," * 1000 + b"1]")
    async with serving(idle_timeout_s=0.1) as port:
        with socket.create_connection(("127.0.0.1", port.number)) as silent:
            silent.setblocking(False)
            await asyncio.get_running_loop().sock_sendall(silent, request * 100)
            await until(lambda: port.open_connections)
            await until(lambda: not port.server.connections)

        assert (await port.post(encoded())).status == 202


class SlowlyRead(asyncio.Transport):
    """A connection whose other side reads a little, and then nothing more."""

    def __init__(self) -> None:
        super().__init__()
        self.left = [3, 2, 1, 1]
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        """Return what is still to be read."""
        return self.left.pop(0)

    def abort(self) -> None:
        """End it."""
        self.is_aborted = True


async def test_a_client_that_reads_slowly_is_waited_for() -> None:
    slow = SlowlyRead()
    async with serving(idle_timeout_s=0.01) as port:
        connection = cast("HttpConnection", port.server())
        connection._watch_reading(slow)
        await until(lambda: slow.is_aborted)

    assert slow.left == []


async def test_a_crowd_is_accepted_by_and_by() -> None:
    """Accepted at once, it would be as many open files, however few connections there may be."""
    crowd = 4 * ACCEPTED_AT_ONCE
    async with serving(max_connections=crowd) as port, AsyncExitStack() as clients:
        for _ in range(crowd):  # the kernel lets them in, before the port could look
            clients.enter_context(socket.create_connection(("127.0.0.1", port.number)))
        steps = []
        while (before := len(port.server.connections)) < crowd:
            await asyncio.sleep(0)
            steps.append(len(port.server.connections) - before)

        assert max(steps) <= ACCEPTED_AT_ONCE + 1


async def test_refused_connections_have_a_bound_too() -> None:
    """Who comes when even they are too many is cut without a word."""
    async with serving(max_connections=0) as port:
        refused = [await Client(port.number).__aenter__() for _ in range(MAX_REFUSED)]
        await until(lambda: len(port.server.refused) == MAX_REFUSED)
        async with Client(port.number) as client:
            assert await client.is_closed()

        assert (await refused[0].answer()).status == 503
        for client in refused:
            await client.__aexit__()


async def test_a_refused_connection_does_not_keep_the_port_open() -> None:
    async with serving(max_connections=0) as port:
        client = await Client(port.number).__aenter__()
        await until(lambda: port.server.refused)

    assert (await client.answer()).status == 503
    assert await client.is_closed()
    await client.__aexit__()


async def test_a_refused_client_that_stays_is_hung_up_on() -> None:
    async with serving(max_connections=0) as port, Client(port.number) as client:
        assert (await client.answer()).status == 503
        assert await client.is_closed()
        assert port.server.refused  # our half is open, so it has heard all before it is cut
        await until(lambda: not port.server.refused)


@pytest.mark.parametrize("first", [b"[1,", encoded()])
async def test_chunks_that_go_wrong_halfway_are_one_answer_and_the_end(first: bytes) -> None:
    """What came before is not taken either, though it may look whole."""
    head = post(b"", Content_Length="", Transfer_Encoding="chunked")
    async with serving() as port, Client(port.number) as client:
        await client.send(head + b"%x\r\n%s\r\n" % (len(first), first))
        await until(lambda: port.source._receiver._bodies._deadlines)
        await client.send(b"c4n4ry\r\n")
        answered = await client.answer()

        assert (answered.status, counts(answered)) == (400, NOTHING)
        assert answered.json["errors"][0]["code"] == "not_json"
        assert await client.is_closed()
        assert port.journal.entries == []


async def test_chunks_that_go_wrong_after_the_answer_are_no_news() -> None:
    large = chunks(b" " * MAX_BODY_BYTES, b" ").removesuffix(b"0\r\n\r\n")
    async with serving() as port, Client(port.number) as client:
        await client.send(large)
        assert (await client.answer()).status == 413
        await client.send(b"c4n4ry\r\n")

        async with asyncio.timeout(1):
            assert await client.is_closed()


@pytest.mark.parametrize("before", [b"", b"Transfer-Encoding: chunked\r\n\r\n0\r\n"])
async def test_fields_without_end_are_refused_before_they_fill_the_memory(before: bytes) -> None:
    """They may also follow a body that comes in chunks."""
    field = b": %b\r\n" % (b"a" * 16_000)
    async with serving() as port, Client(port.number) as client:
        await client.send(b"POST /v1/events HTTP/1.1\r\nHost: relay\r\n" + before)
        await until(lambda: not before or port.source._receiver._bodies._deadlines)
        for number in range(5):
            await client.send(b"x%d" % number + field)
        answered = await client.answer()

        assert (answered.status, counts(answered)) == (400, NOTHING)
        assert await client.is_closed()


async def test_fields_without_end_are_refused_also_behind_requests_that_are_not_answered_yet() -> (
    None
):
    asking = b"GET /openapi.json HTTP/1.1\r\nHost: relay\r\n"
    journal = RecordingJournal(held=True)
    async with serving(journal) as port, Client(port.number) as client:
        await client.send(post(encoded()) + asking + b"\r\n" + asking)
        await until(lambda: journal.waiting)
        [connection] = port.server.connections
        for number in range(5):
            await client.send(b"x%d: %b\r\n" % (number, b"a" * 16_000))
        await until(lambda: len(connection._messages) > 1)
        journal.release()

        assert [(await client.answer()).status for _ in range(3)] == [202, 200, 400]
        assert await client.is_closed()


async def test_what_follows_the_wish_for_another_protocol_keeps_nobody_from_an_answer() -> None:
    """It is looked at once the request is answered."""
    journal = RecordingJournal(held=True)
    async with serving(journal) as port, Client(port.number) as client:
        await client.send(post(encoded(), Connection="Upgrade", Upgrade="websocket"))
        await until(lambda: journal.waiting)
        [connection] = port.server.connections
        await client.send(b"x")
        await until(lambda: connection._message_tail)
        await client.send(b"x" * 2 * MAX_HEAD_BYTES)
        await until(lambda: len(connection._message_tail) >= MAX_HEAD_BYTES)
        journal.release()

        assert (await client.answer()).status == 202


async def test_a_port_that_is_taken_is_one_line_that_says_what_to_do() -> None:
    async with serving() as port:
        second = Port(
            port.server, host="127.0.0.1", port=port.number, max_connections=1, drain_s=0.1
        )
        with pytest.raises(
            RelayError, match=r"cannot listen on 127.0.0.1:\d+: address already in use; .*listen"
        ):
            await second.__aenter__()


def test_a_host_that_nobody_knows_is_told_in_words() -> None:
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    error = cannot_listen("nowhere:8080", "[server] listen", unknown)
    assert "cannot listen on nowhere:8080: there is no such host;" in str(error)


async def test_a_mistake_of_the_relay_is_500_and_says_nothing_of_the_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = RecordingJournal()
    journal.mistake = KeyError("c4n4ry")
    async with serving(journal) as port:
        answered = await port.post(encoded())
        journal.mistake = None
        await port.post(encoded())

    assert [entry.passed for entry in journal.entries] == [{}]
    assert statuses(port) == {"500": 1, "202": 1}
    assert (answered.status, counts(answered)) == (500, NOTHING)
    assert answered.json["errors"][0]["code"] == "internal"
    assert "c4n4ry" not in answered.body.decode()
    assert [record.getMessage() for record in caplog.records] == ["a request failed"]
    caplog.clear()
