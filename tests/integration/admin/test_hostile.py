"""Hostile, broken and careless requests to the admin port: each is answered, and none does harm.

An answer quotes nothing that could be executed, is told by a page where a browser would have asked
for one, and carries the headers of every answer of the port.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from relay.admin.guard import FAILED
from tests.given.port.admin import INVALID, PINTEREST, TIKTOK, AdminPort

GROUP = f"destination={PINTEREST}&reason=invalid_event&code="
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class Row(msgspec.Struct, frozen=True):
    """One request and the status that it is answered with."""

    title: str
    status: int
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}
    method: str = "GET"


def sent(title: str, status: int, body: bytes, content_type: str = FORM, **headers: str) -> Row:
    """Return a row of what is sent as the form that sends a group again."""
    all_headers = {"Content-Type": content_type, **headers}
    return Row(title, status, "/undelivered/replay", body, all_headers, "POST")


ROWS = (
    Row("an address that was made up", 404, "/wp-login.php"),
    Row("a way up", 404, "/destinations/..%2f..%2fetc%2fpasswd"),
    Row("a way up to a file", 404, "/static/%2e%2e/server.py"),
    Row("a change by a link", 404, f"/destinations/{PINTEREST}/pause"),
    Row("a screen that is posted to", 405, "/", method="POST"),
    Row("a screen that is deleted", 405, f"/destinations/{PINTEREST}", method="DELETE"),
    Row("an id that is all of a line", 200, f"/find?id={'x' * 7_000}"),
    Row("an id of no character", 200, "/find?id=%00"),
    Row("an id that is no UTF-8", 200, "/find?id=%ff%ed%a0%80"),
    Row("a range that there is not", 400, "/?range=%3Cscript%3E"),
    Row("figures that there are not", 400, "/?figures=%3Cscript%3E"),
    Row("a page that there is not", 400, f"/undelivered/group?{GROUP}&cursor={'9' * 400}"),
    Row("a group that is not named whole", 400, "/undelivered/group?destination=a"),
    Row("an action that there is not", 400, f"/undelivered/confirm?{GROUP}&action=forget"),
    Row("a success that was made up", 200, "/undelivered?done=replayed&count=%C2%B2"),
    Row("cookies that are none", 200, "/", headers={"Cookie": f'";=;; a; {"b" * 3_000}="'}),
    sent("a form of something else", 400, b"{}", "application/json"),
    sent("a form in parts that is cut off", 400, b"--x\r\nfoo", f"{MULTIPART}; boundary=x"),
    sent("a form in parts without a bound", 400, b"--x\r\nfoo", MULTIPART),
    sent("a form that is no UTF-8", 400, f"{GROUP}&note=".encode() + b"\xff"),
    sent("a form of too many fields", 400, b"a=&" * 5_000),
    sent("a form that is too large", 413, b"note=" + b"x" * 1_100_000),
    sent("a form of another origin", 403, GROUP.encode(), Origin="https://evil.example"),
    sent("a form of nobody's origin", 403, GROUP.encode(), Origin="null"),
    sent("a form of another site", 403, GROUP.encode(), **{"Sec-Fetch-Site": "same-site"}),
    Row("a foreign host", 403, "/", headers={"Host": "evil.example"}),
)
PAGES = frozenset({400, 404})
"""What a person can bring about by a link is told by a page."""


@pytest.mark.parametrize("row", [pytest.param(row, id=row.title) for row in ROWS])
async def test_a_hostile_request_has_its_answer_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, row: Row
) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("dead", pinterest=INVALID)
        reply = await port.ask(row.path, method=row.method, body=row.body, headers=row.headers)
        totals = await port.journal.totals()

    assert reply.status == row.status
    assert b"<script>" not in reply.body
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    if row.status in PAGES and not row.path.startswith("/static"):
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert totals.replayed == {}
    assert [each for each in caplog.records if each.name.startswith("relay")] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/events", "/wp-login.php", "/api/v1/nothing"])
async def test_where_nothing_is_no_method_is_allowed(
    tmp_path: Path, path: str, method: str
) -> None:
    async with AdminPort(tmp_path) as port:
        reply = await port.ask(path, method=method, body=b"{}")

    assert (reply.status, reply.json["code"]) == (404, "not_found")
    assert "Allow" not in reply.headers


@pytest.mark.parametrize(
    "head",
    [
        b"GET /find?id=" + b"x" * 20_000 + b" HTTP/1.1",
        b"THIS IS NO HTTP",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: \x01order-1",
    ],
    ids=["too long", "no HTTP", "two hosts", "a control character"],
)
async def test_what_is_no_http_is_answered_without_a_word_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, head: bytes
) -> None:
    async with AdminPort(tmp_path) as port:
        place = urlsplit(port.address)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(head + b"\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"X-Content-Type-Options: nosniff" in answer
    assert answer.endswith(
        b'{"code":"bad_request","message":"This is no valid HTTP, or its head is too long."}'
    )
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_a_button_that_is_clicked_many_times_at_once_acts_once(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for number in range(3):
            await port.take(f"dead-{number}", pinterest=INVALID)
        clicks = [
            port.ask(
                "/undelivered/replay",
                method="POST",
                body=GROUP.encode(),
                headers={"Content-Type": FORM},
            )
            for _ in range(8)
        ]
        pages = [reply.body.decode() for reply in await asyncio.gather(*clicks)]
        totals = await port.journal.totals()

    assert totals.replayed == {PINTEREST: 3}
    assert sum("3 conversions will be sent again" in page for page in pages) == 1
    assert sum("Nothing was left to do" in page for page in pages) == 7


async def test_switches_that_are_clicked_at_once_leave_one_state(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        paths = [f"/destinations/{TIKTOK}/{'pause' if at % 2 else 'resume'}" for at in range(20)]
        replies = await asyncio.gather(*(port.post(path) for path in paths))
        last = await port.post(f"/destinations/{TIKTOK}/resume")

    assert {reply.status for reply in replies} == {200}
    assert "Pause sending to" in last.body.decode()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part of it"])
async def test_a_mistake_of_the_relay_is_told_by_a_page_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, headers: Mapping[str, str]
) -> None:
    async with AdminPort(tmp_path) as port:
        with closing(sqlite3.connect(port.journal_path)) as connection, connection:
            connection.execute("DROP TABLE rollup")
        page = await port.ask("/", headers=headers)
        [logged] = caplog.records
        told = await port.ask("/api/v1/summary")

    assert page.status == 500
    assert "Could not load the figures." in page.body.decode()
    assert "Sending goes on" in page.body.decode()
    assert (logged.name, logged.getMessage()) == ("relay.admin.pages.screen", FAILED)
    assert (told.status, told.json["code"]) == (500, "internal")
