"""Messages between processes, byte by byte: whole and in order, however the bytes are cut."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.journal.entry import Entry
from relay.workers.channel import HEAD_BYTES, READ_BYTES, WRITE_BYTES, Channel
from relay.workers.message import Done, FromWorker, Part, Put, Ready, Reply, Unavailable
from tests.given.event.builders import entry
from tests.given.port.producers import until

NUMBERS = st.integers(0, 2**60)
REPLIES = st.lists(
    st.builds(Done, NUMBERS, st.none() | st.floats(0, 1e9))
    | st.builds(Unavailable, NUMBERS, st.text(), st.integers(0, 100)),
    max_size=20,
)


class End:
    """One end of a channel, which remembers what came."""

    def __init__(self, kind: object = Reply, max_frame_bytes: int = 2**20) -> None:
        self.received: list[object] = []
        self.lost = 0
        self.channel: Channel[object] = Channel(
            kind, self.received.append, self._lose, max_frame_bytes=max_frame_bytes
        )

    def _lose(self) -> None:
        self.lost += 1


@asynccontextmanager
async def wired(end: End) -> AsyncIterator[socket.socket]:
    """Open a channel; hand out the other end of its socket."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with theirs:
        end.channel.open(ours)
        yield theirs
        end.channel.close()


@asynccontextmanager
async def joined(one: End, other: End) -> AsyncIterator[None]:
    ours, theirs = socket.socketpair()
    one.channel.open(ours)
    other.channel.open(theirs)
    yield
    one.channel.close()
    await until(lambda: other.lost)


def framed(messages: Sequence[msgspec.Struct]) -> bytes:
    bodies = [msgspec.msgpack.encode(each) for each in messages]
    return b"".join(len(each).to_bytes(HEAD_BYTES, "big") + each for each in bodies)


@given(REPLIES, st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_however_bytes_are_cut_messages_come_whole_and_in_order(
    messages: list[Reply], cuts: list[int]
) -> None:
    async def run() -> None:
        end, data = End(), framed(messages)
        async with wired(end) as theirs:
            while data:
                for cut in cuts:
                    theirs.send(data[:cut])
                    data = data[cut:]
                    await asyncio.sleep(0)
            await until(lambda: len(end.received) == len(messages))
        assert end.received == messages

    asyncio.run(run())


@given(REPLIES)
def test_what_is_sent_arrives(messages: list[Reply]) -> None:
    async def run() -> None:
        one, other = End(), End()
        async with joined(one, other):
            for each in messages:
                one.channel.send(each)
            await until(lambda: len(other.received) == len(messages))
        assert other.received == messages

    asyncio.run(run())


async def test_what_the_socket_does_not_take_at_once_goes_out_in_order() -> None:
    """Many times what it holds, read late."""
    messages = [Unavailable(number, "x" * 10_000, 5) for number in range(500)]
    end = End()
    async with wired(end) as theirs:
        for each in messages:
            end.channel.send(each)
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(end.channel._frames) <= WRITE_BYTES + 10_100, "the rest is not encoded yet"
        wanted, found = framed(messages), bytearray()
        while len(found) < len(wanted):
            found += await asyncio.get_running_loop().sock_recv(theirs, 2**16)
        assert found == wanted
        await until(lambda: not end.channel._stuck)
        assert not _is_watched(end.channel._socket), "it would be called again and again"


def _is_watched(connection: socket.socket | None) -> bool:
    """Have the loop watch for room no longer; return whether it did."""
    assert connection is not None
    return asyncio.get_running_loop().remove_writer(connection)


async def test_what_is_sent_within_a_turn_is_one_write() -> None:
    end = End()
    async with wired(end) as theirs:
        end.channel.send(Done(1))
        end.channel.send(Done(2))
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
        await asyncio.sleep(0)
        assert theirs.recv(2**16) == framed([Done(1), Done(2)])


async def test_what_is_sent_before_there_is_a_connection_is_sent_with_it() -> None:
    end = End()
    end.channel.send(Done(1))
    async with wired(end) as theirs:
        assert theirs.recv(2**16) == framed([Done(1)])


async def test_a_frame_larger_than_a_read_is_read_and_its_room_given_back() -> None:
    long = Unavailable(1, "x" * (3 * READ_BYTES), 5)
    one, other = End(), End()
    async with joined(one, other):
        one.channel.send(long)
        one.channel.send(Done(2))
        await until(lambda: len(other.received) == 2)
        assert other.received == [long, Done(2)]
        assert len(other.channel._incoming) == READ_BYTES


@pytest.mark.parametrize(
    "data",
    [
        pytest.param((5).to_bytes(HEAD_BYTES, "big") + b"\xc1" * 5, id="no MessagePack"),
        pytest.param((2**20 + 1).to_bytes(HEAD_BYTES, "big"), id="too large"),
    ],
)
async def test_what_cannot_be_read_ends_the_connection(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    end = End()
    async with wired(end) as theirs:
        theirs.send(data)
        await until(lambda: end.lost)
        assert theirs.recv(1) == b""
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert end.received == []
    caplog.clear()


async def test_an_error_in_the_receiver_delivers_no_message_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A request that was taken before it would be stored again."""
    taken: list[object] = []
    lost: list[bool] = []

    def receive(message: object) -> None:
        taken.append(message)
        if message == Done(2):
            raise ValueError

    ours, theirs = socket.socketpair()
    channel: Channel[object] = Channel(Reply, receive, lambda: lost.append(True))
    with theirs:
        channel.open(ours)
        theirs.send(framed([Done(1), Done(2), Done(3)]))
        await until(lambda: lost)
        assert theirs.recv(1) == b""
    assert taken == [Done(1), Done(2)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    caplog.clear()


async def test_what_follows_a_message_that_ended_the_channel_is_dropped() -> None:
    taken: list[object] = []

    def receive(message: object) -> None:
        taken.append(message)
        channel.abort()

    ours, theirs = socket.socketpair()
    channel: Channel[object] = Channel(Reply, receive, lambda: None)
    with theirs:
        channel.open(ours)
        theirs.send(framed([Done(1), Done(2)]))
        await until(lambda: taken)
    assert taken == [Done(1)]


async def test_the_end_is_told_once_and_what_is_sent_after_it_is_dropped() -> None:
    end = End()
    async with wired(end) as theirs:
        theirs.close()
        await until(lambda: end.lost)
        end.channel.send(Done(1))
        await asyncio.sleep(0)
    assert end.lost == 1


async def test_the_end_leaves_nothing_of_its_socket_in_the_loop() -> None:
    """The next socket may have its number."""
    ours, theirs = socket.socketpair()
    end, number, loop = End(), ours.fileno(), asyncio.get_running_loop()
    with theirs:
        end.channel.open(ours)
        for _ in range(100):
            end.channel.send(Unavailable(1, "x" * READ_BYTES, 5))
        await until(lambda: end.channel._stuck)
        end.channel.abort()
        end.channel.abort()
        assert end.lost == 1
        assert not loop.remove_reader(number)
        assert not loop.remove_writer(number)


async def test_what_is_closed_before_there_is_a_connection_goes_out_with_it() -> None:
    end = End()
    end.channel.send(Done(1))
    end.channel.close()
    async with wired(end) as theirs:
        assert theirs.recv(2**16) == framed([Done(1)])
        assert theirs.recv(1) == b""
    assert end.lost == 1


async def test_closing_lets_everything_go_out_first() -> None:
    long = Unavailable(1, "x" * (3 * READ_BYTES), 5)
    one, other = End(), End()
    async with joined(one, other):
        one.channel.send(long)
        one.channel.close()
        await until(lambda: other.lost)
    assert other.received == [long]


async def test_a_request_survives_the_way_with_all_its_events() -> None:
    """Kinds that are told apart only by their tags stay what they are."""
    events: list[Entry] = [entry("a"), entry("b")]
    messages = [Part(1, events), Put(1, events[:1], [], [], "key"), Ready()]
    one, other = End(), End(FromWorker)
    async with joined(one, other):
        for each in messages:
            one.channel.send(each)
        await until(lambda: len(other.received) == len(messages))
    assert other.received == messages
