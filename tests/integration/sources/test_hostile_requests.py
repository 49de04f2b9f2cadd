"""Hostile, broken and careless requests, one a row: each has its answer, and harms nobody else.

Every row is sent on a connection of its own while a good event waits on another, which must be
taken afterwards. The answer has the shape that producers know, holds no value of the request, and
nothing is logged.
"""

import asyncio

import pytest

from tests.given.event.inbound import encoded
from tests.given.hostile.bodies import BROKEN_JSON, GZIPPED, WRONG_EVENTS
from tests.given.hostile.http import CARELESS, NO_HTTP, NOT_LOOKED_AT
from tests.given.hostile.row import CANARY, Row, raw
from tests.given.port.producers import Answered, Client, post, serving

SHAPE = {"accepted", "rejected", "errors", "warnings"}
COMPLAINT = {"index", "event_id", "code", "path", "message"}
ROWS = [*BROKEN_JSON, *GZIPPED, *WRONG_EVENTS, *NOT_LOOKED_AT, *NO_HTTP, *CARELESS]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.title) for row in ROWS])
async def test_a_hostile_request_has_its_answer_and_harms_no_neighbour(row: Row) -> None:
    good = post(encoded(event_id="neighbour"))
    async with serving() as port, Client(port.number) as neighbour:
        await neighbour.send(good[:-20])

        answered = await port.send(row.request)
        await neighbour.send(good[-20:])

        assert (await neighbour.answer()).status == 202
        assert "neighbour" in port.journal.event_ids
        check(answered, row)


async def test_all_of_them_at_once_are_answered_as_one_by_one() -> None:
    """Answers do not get mixed up, and the port is fine afterwards."""
    async with serving(max_connections=len(ROWS)) as port:
        answers = await asyncio.gather(*(port.send(row.request) for row in ROWS))

        for answered, row in zip(answers, ROWS, strict=True):
            check(answered, row)
        assert (await port.post(encoded(event_id="after"))).status == 202
        assert len(port.server.connections) <= 1


def check(answered: Answered, row: Row) -> None:
    found = answered.json
    assert answered.status == row.status
    assert found.keys() == SHAPE
    assert (found["accepted"], found["rejected"]) == (int(row.status == 202), row.rejected)
    assert CANARY.encode() not in answered.body
    for complaint in (*found["errors"], *found["warnings"]):
        assert complaint.keys() == COMPLAINT
    if row.problem is None:
        assert found["errors"] == []
        return
    first = found["errors"][0]
    assert (first["code"], first["path"], first["index"]) == row.problem
    assert len(found["errors"]) == max(1, row.rejected)


async def test_405_says_what_is_allowed() -> None:
    async with serving() as port:
        answered = await port.send(raw("GET /v1/events HTTP/1.1\nHost: relay"))
        head = await port.send(raw("PUT /v1/auth/test HTTP/1.1\nHost: relay"))

        assert answered.headers["allow"] == "POST"
        assert head.headers["allow"] == "GET"
