"""`POST /api/v1/forget`: what it does, what it tells, and what it refuses without quoting it."""

from pathlib import Path
from typing import Any

import pytest

from relay.admin.forget import ForgetResult
from relay.journal.report import Erased
from relay.journal.settlement import Receipt
from tests.given.event.builders import DIGEST, NOW_S
from tests.given.port.admin import PINTEREST, TIKTOK, AdminPort

FORGET = "/api/v1/forget"
RECEIPT = Receipt(at_ms=NOW_S * 1000, duration_ms=90, outcome="ok", http_status=200)
OTHER = "0" * 63 + "1"


async def test_a_person_is_erased_and_the_answer_tells_what_was_delivered_where(
    tmp_path: Path,
) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("delivered")
        await port.deliver(PINTEREST, RECEIPT)
        await port.take("waits")
        done = await port.post(FORGET, {"email": [OTHER, DIGEST]})
        timeline = await port.ask("/api/v1/events/waits")
        again = await port.post(FORGET, {"email": [DIGEST]})

    assert done.json == {
        "events": 2,
        "damaged": 0,
        "complete": True,
        "destinations": [
            {
                "destination": PINTEREST,
                "erased": 1,
                "dead": 0,
                "delivered": 1,
                "delivered_event_ids": ["delivered"],
            },
            {
                "destination": TIKTOK,
                "erased": 2,
                "dead": 0,
                "delivered": 0,
                "delivered_event_ids": [],
            },
        ],
    }
    [event] = timeline.json["events"]
    assert {each["reason"] for each in event["deliveries"]} == {"erased"}
    assert again.json == {"events": 0, "damaged": 0, "complete": True, "destinations": []}


@pytest.mark.parametrize(("damaged", "emptied"), [(1, True), (0, False)])
def test_an_erasure_that_left_anything_is_not_complete(damaged: int, *, emptied: bool) -> None:
    done = Erased(events=2, destinations={}, damaged=damaged, emptied=emptied)
    assert not ForgetResult.of(done).complete


async def test_the_funnel_shows_what_was_erased_as_dead(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("waits")
        await port.post(FORGET, {"email": [DIGEST]})
        views = (await port.ask("/api/v1/destinations")).json["destinations"]
        metrics = (await port.ask("/metrics")).body.decode()
    assert [(view["received"], view["pending"], view["dead"]) for view in views] == [(1, 0, 1)] * 2
    assert f'relay_events_dead_total{{destination="{TIKTOK}",reason="erased"}} 1' in metrics


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": []},
        {"email": ["ada@example.com"]},
        {"email": [DIGEST.upper()]},
        {"email": DIGEST},
        {"name": [DIGEST]},
        b"{",
    ],
)
async def test_what_is_no_digest_is_refused_and_not_repeated(tmp_path: Path, body: Any) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.post(FORGET, body)
    assert (reply.status, reply.json["code"]) == (400, "bad_request")
    assert b"ada@" not in reply.body


async def test_a_foreign_page_cannot_have_anybody_erased(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.post(FORGET, {"email": [DIGEST]}, Origin="https://evil.example")
    assert reply.status == 403
