"""Messages between processes, byte by byte: whole and in order, however the bytes are cut."""

import asyncio
import logging
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.workers.channel import HEAD_BYTES, READ_BYTES, Channel
from relay.workers.message import Done, Part, Put, Reply, Unavailable

NUMBERS = st.integers(0, 2**60)
REPLIES = st.lists(
    st.builds(Done, NUMBERS, st.none() | st.floats(0, 1e9))
    | st.builds(Unavailable, NUMBERS, st.text(), st.integers(0, 100)),
    max_size=8,
)


class Wire(asyncio.Transport):
    """Keeps what is written to it, uncopied as a transport may; all of it is `stuck` for now."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes | bytearray | memoryview] = []
        self.stuck = 1
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.kept.append(data)

    @property
    def written(self) -> bytes:
        return b"".join(self.kept)

    def get_write_buffer_size(self) -> int:
        return self.stuck

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


class End:
    """One end, on a wire."""

    def __init__(self, max_frame_bytes: int = 2**20) -> None:
        self.received: list[Reply] = []
        self.lost: list[bool] = []
        self.wire = Wire()
        self.channel: Channel[Reply] = Channel(
            Reply,
            self.received.append,
            lambda: self.lost.append(True),
            max_frame_bytes=max_frame_bytes,
        )

    def connect(self) -> None:
        self.channel.connection_made(self.wire)

    def feed(self, data: bytes) -> None:
        """Hand bytes to it as the loop does: into the room that it offers."""
        while data and not self.wire.aborted:
            room = self.channel.get_buffer(-1)
            part = data[: len(room)]
            room[: len(part)] = part
            self.channel.buffer_updated(len(part))
            data = data[len(part) :]


def framed(*frames: list[Reply]) -> bytes:
    end = End()
    end.connect()
    for each in frames:
        for message in each:
            end.channel._outgoing.append(message)
        end.channel.flush()
    return end.wire.written


@given(st.lists(REPLIES, max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=50))
def test_however_bytes_are_cut_messages_come_whole_and_in_order(
    frames: list[list[Reply]], cuts: list[int]
) -> None:
    end, data = End(), framed(*frames)
    end.connect()
    while data:
        for cut in cuts:
            end.feed(data[:cut])
            data = data[cut:]
    assert end.received == [message for frame in frames for message in frame]


def test_a_frame_larger_than_a_read_is_read_and_its_room_given_back() -> None:
    long = Unavailable(1, "x" * (3 * READ_BYTES), 5)
    end = End()
    end.connect()
    end.feed(framed([long], [Done(2)]))
    assert end.received == [long, Done(2)]
    assert len(end.channel.get_buffer(-1)) == READ_BYTES


async def test_what_is_sent_within_a_turn_is_one_frame() -> None:
    end = End()
    end.connect()
    end.channel.send(Done(1))
    end.channel.send(Done(2))
    assert end.wire.written == b""
    await asyncio.sleep(0)
    assert end.wire.written == framed([Done(1), Done(2)])


async def test_what_is_sent_before_there_is_a_connection_is_sent_with_it() -> None:
    end = End()
    end.channel.send(Done(1))
    await asyncio.sleep(0)
    end.connect()
    assert end.wire.written == framed([Done(1)])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param((5).to_bytes(HEAD_BYTES, "big") + b"\xc1" * 5, id="no MessagePack"),
        pytest.param((2**20 + 1).to_bytes(HEAD_BYTES, "big"), id="too large"),
    ],
)
def test_what_cannot_be_read_ends_the_connection(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    end = End()
    end.connect()
    end.feed(data)
    assert end.wire.aborted
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    caplog.clear()


def test_the_end_is_told() -> None:
    end = End()
    end.connect()
    end.channel.connection_lost(None)
    assert end.lost == [True]


def test_a_request_survives_the_way() -> None:
    """Kinds that are told apart only by their tags stay what they are."""
    found: list[object] = []
    end: Channel[Part | Put] = Channel(Part | Put, found.append, lambda: None)
    end.connection_made(cast("asyncio.Transport", wire := Wire()))
    sent = [Part(1, []), Put(1, [], [], [], "key")]
    for each in sent:
        end._outgoing.append(each)
    end.flush()
    data = wire.written
    end.get_buffer(-1)[: len(data)] = data
    end.buffer_updated(len(data))
    assert found == sent
