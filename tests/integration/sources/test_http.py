"""The producers' port over real sockets: who is answered what, and what is then on disk."""

import asyncio
import gzip
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relay.event_name import Lane
from relay.journal.sqlite import SqliteJournal
from relay.sources.answer import MAX_LISTED
from relay.sources.body import MAX_GZIP_MEMBERS
from tests.given.event.builders import NOW_S
from tests.given.event.inbound import body, encoded, event
from tests.given.hostile.row import in_members
from tests.given.journal.recording import RecordingJournal
from tests.given.port.producers import Answered, Client, post, serving, until

NOTHING = {"accepted": 0, "rejected": 0}


@asynccontextmanager
async def on_disk(folder: Path) -> AsyncIterator[SqliteJournal]:
    """Open a real journal."""
    journal = SqliteJournal(
        folder / "relay.db", clock=lambda: NOW_S, max_size_bytes=10**9, retention_s=604_800
    )
    await journal.open(["first", "second"])
    try:
        yield journal
    finally:
        await journal.close()


def counts(answered: Answered) -> dict[str, int]:
    return {name: answered.json[name] for name in ("accepted", "rejected")}


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        (encoded(), {}),
        (b"[" + encoded() + b"]", {}),
        (b'{"events":[' + encoded() + b"]}", {}),
        (encoded(), {"Content_Type": ""}),
        (encoded(), {"Content_Type": "application/json; charset=utf-8"}),
        (encoded(), {"Content_Type": "Text/JSON"}),
        (encoded() + b"\n", {"Content_Type": "application/x-ndjson"}),
        (b"\n" + encoded(), {"Content_Type": "application/ndjson; charset=utf-8"}),
        (b"\n" + encoded() + b"\n", {"Content_Type": "Application/JSONL"}),
        (gzip.compress(encoded()), {"Content_Encoding": "gzip"}),
        (gzip.compress(encoded()), {"Content_Encoding": "GZIP"}),
        (gzip.compress(encoded()), {"Content_Encoding": "x-gzip"}),
        (gzip.compress(encoded()[:9]) + gzip.compress(encoded()[9:]), {"Content_Encoding": "gzip"}),
        (in_members(MAX_GZIP_MEMBERS), {"Content_Encoding": "gzip"}),
        (encoded(), {"Content_Encoding": "identity"}),
    ],
)
async def test_an_event_is_taken_in_every_shape(sent: bytes, headers: dict[str, str]) -> None:
    async with serving() as port:
        answered = await port.post(sent, **headers)

        assert answered.status == 202
        assert answered.json == {"accepted": 1, "rejected": 0, "errors": [], "warnings": []}
        assert answered.headers["content-type"].startswith("application/json")
        assert port.journal.event_ids == ["order-1"]


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/v1/events", b"{", 400),
        ("/v1/events", b"{}", 400),
        ("/v1/batch", b"{}", 400),
        ("/v1/webhooks/shopify", b"{}", 401),
        ("/v1/nothing", b"{}", 404),
    ],
)
async def test_every_request_that_is_refused_has_a_line_in_the_log_for_who_asks_for_it(
    caplog: pytest.LogCaptureFixture, path: str, sent: bytes, status: int
) -> None:
    """A body that is no JSON, for example, has no event that a list of refused ones could show."""
    caplog.set_level(logging.DEBUG, logger="relay.sources.http")
    async with serving() as port:
        answered = await port.send(post(sent, path))

        assert answered.status == status
        [record] = caplog.records
        assert record.getMessage() == "a request was refused"
        assert vars(record)["fields"] == {"source": "http", "http_status": status}


async def test_the_answer_waits_for_the_disk() -> None:
    async with serving(RecordingJournal(held=True)) as port, Client(port.number) as client:
        await client.send(post(encoded()))
        await until(lambda: port.journal.waiting)
        answer = asyncio.create_task(client.answer())
        for _ in range(20):
            await asyncio.sleep(0)

        assert not answer.done()
        port.journal.release()
        assert (await answer).status == 202


async def test_what_is_answered_is_in_the_journal_on_disk(tmp_path: Path) -> None:
    async with on_disk(tmp_path) as journal, serving(log=journal) as port:
        events = body(event(event_id="a"), event(event_id="b", user={}), event(event_id="a"))

        answered = await port.post(events)

        assert counts(answered) == {"accepted": 2, "rejected": 1}
        totals = await journal.totals()
        assert dict(totals.accepted) == {"first": 2, "second": 2}
        assert dict(totals.skipped) == {("first", "duplicate"): 1, ("second", "duplicate"): 1}
        assert dict(totals.rejected) == {("http", "no_identifier"): 1}
        chunk = await journal.read("first", Lane.MONEY, 0, 10)
        assert [each.entry.conversion.event_id for each in chunk.pending] == ["a"]
        [rejection] = await journal.rejections(10)
        assert (rejection.event_id, rejection.path, rejection.source) == ("b", "user", "http")


async def test_good_events_are_taken_beside_bad_ones_and_errors_come_by_index() -> None:
    events = [
        event(event_id=str(number), **({"x": 1} if number % 3 else {})) for number in range(9)
    ]
    async with serving() as port:
        answered = await port.post(body(*events))

        assert answered.status == 202
        assert counts(answered) == {"accepted": 3, "rejected": 6}
        assert [error["index"] for error in answered.json["errors"]] == [1, 2, 4, 5, 7, 8]
        assert answered.json["errors"][0] == {
            "index": 1,
            "event_id": "1",
            "code": "unknown_key",
            "path": "x",
            "message": "This key is not known here; check its spelling.",
        }
        assert port.journal.event_ids == ["0", "3", "6"]


async def test_none_taken_is_400_with_the_same_body() -> None:
    async with serving() as port:
        answered = await port.post(body(event(x=1)))

        assert answered.status == 400
        assert counts(answered) == {"accepted": 0, "rejected": 1}
        assert len(port.journal.rejections) == 1


async def test_the_index_of_ndjson_is_the_line() -> None:
    lines = b"\n".join([b"", encoded(), b"   ", b"{broken", b"", encoded(x=1)])
    async with serving() as port:
        answered = await port.post(lines, Content_Type="application/x-ndjson")

        assert answered.status == 202
        found = [(error["index"], error["code"]) for error in answered.json["errors"]]
        assert found == [(3, "not_json"), (5, "unknown_key")]


async def test_lists_are_cut_and_counts_are_not() -> None:
    sent = [event(event_id=str(number), user={"email": ["a@b.de", "x"]}) for number in range(1200)]
    sent += [event(event_id="bad", x=1)] * 1300
    async with serving() as port:
        answered = (await port.post(body(*sent))).json

        assert (answered["accepted"], answered["rejected"]) == (1200, 1300)
        assert len(answered["errors"]) == len(answered["warnings"]) == MAX_LISTED
        assert [error["index"] for error in answered["errors"]] == list(range(1200, 2200))
        assert len(port.journal.rejections) == 1300


async def test_ten_thousand_mixed_events_in_one_body() -> None:
    kinds: list[bytes] = [
        encoded(event_id="good"),
        encoded(event_id="bad", x=1),
        b"7",
        encoded(event_id="late", event_time=NOW_S + 1000),
    ]
    sent = gzip.compress(b"[" + b",".join(kinds * 2500) + b"]")
    async with serving() as port:
        answered = await port.post(sent, Content_Encoding="gzip")

        assert counts(answered) == {"accepted": 2500, "rejected": 7500}


async def test_warnings_have_the_same_shape() -> None:
    async with serving() as port:
        answered = await port.post(encoded(user={"email": ["a@b.de", "(not set)"]}))

        [warning] = answered.json["warnings"]
        assert answered.status == 202
        assert warning.keys() == {"index", "event_id", "code", "path", "message"}
        assert (warning["index"], warning["event_id"]) == (0, "order-1")
        assert warning["path"] == "user.email[1]"


async def test_a_journal_that_fails_is_503_and_the_same_events_are_taken_afterwards() -> None:
    journal = RecordingJournal(held=True)
    async with serving(journal) as port:
        first = asyncio.create_task(port.post(encoded()))
        await until(lambda: journal.waiting)
        journal.fail("the disk is full")
        refused = await first

        again = asyncio.create_task(port.post(encoded()))
        await until(lambda: journal.waiting)
        journal.release()

        assert refused.status == 503
        assert refused.headers["retry-after"] == "7"
        assert counts(refused) == NOTHING
        assert refused.json["errors"][0]["code"] == "unavailable"
        assert (await again).status == 202
        assert [entry.passed for entry in journal.entries] == [{}]


async def test_a_journal_that_refuses_at_once_is_no_different() -> None:
    journal = RecordingJournal()
    journal.refusal = "the journal has reached its size limit"
    async with serving(journal) as port:
        refused = await port.post(body(event(), event(x=1)))
        journal.refusal = None
        taken = await port.post(encoded())

        assert (refused.status, counts(refused)) == (503, NOTHING)
        assert taken.status == 202
        assert [entry.passed for entry in journal.entries] == [{}]


async def test_bad_events_alone_are_answered_though_the_journal_takes_nothing() -> None:
    journal = RecordingJournal()
    journal.refusal = "the disk is full"
    async with serving(journal) as port:
        answered = await port.post(encoded(x=1))

        assert (answered.status, answered.json["rejected"]) == (400, 1)


async def test_the_caller_is_told_who_it_is() -> None:
    async with serving() as port:
        answered = await port.send(b"GET /v1/auth/test HTTP/1.1\r\nHost: relay\r\n\r\n")

        assert answered.status == 200
        assert answered.json == {
            "key": "",
            "scopes": ["events:write", "events:read"],
            "uses_left": None,
        }


async def test_the_port_describes_itself() -> None:
    async with serving() as port:
        answered = await port.send(b"GET /openapi.json HTTP/1.1\r\nHost: relay\r\n\r\n")

        assert answered.json == {"openapi": "3.1.0"}
        assert answered.headers["server"] == "relay"


@pytest.mark.parametrize("path", ["/openapi.json", "/v1/auth/test"])
async def test_what_is_read_may_be_asked_for_its_head_alone(path: str) -> None:
    async with serving() as port, Client(port.number) as client:
        await client.send(f"HEAD {path} HTTP/1.1\r\nHost: relay\r\n\r\n".encode())
        await client.send(f"GET {path} HTTP/1.1\r\nHost: relay\r\n\r\n".encode())
        head = await client.answer(has_body=False)
        whole = await client.answer()

        assert (head.status, whole.status) == (200, 200)
        assert int(head.headers["content-length"]) == len(whole.body)


async def test_the_time_to_answer_is_measured() -> None:
    started = time.perf_counter()
    async with serving() as port:
        await port.post(encoded())
        await port.post(encoded(x=1))

        for name in ("relay_ingest_seconds", "relay_journal_append_seconds"):
            assert port.metrics.registry.get_sample_value(f"{name}_count") == 2
            total_s = port.metrics.registry.get_sample_value(f"{name}_sum")
            assert total_s is not None
            assert 0 < total_s < time.perf_counter() - started
