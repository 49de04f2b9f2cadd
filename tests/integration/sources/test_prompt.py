"""An answer in one write is, byte for byte, what the usual way sends."""

import pytest

from tests.given.event.inbound import encoded
from tests.given.port.producers import Client, post, serving

VARYING = {"date"}


def plain(headers: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name not in VARYING}


async def test_both_ways_send_the_same() -> None:
    async with serving() as port:
        prompt = await port.post(encoded(event_id="a"))
        usual = await port.post(encoded(event_id="b"), Connection="close")
    assert prompt.body == usual.body
    assert prompt.status == usual.status == 202
    assert plain(usual.headers) == {**plain(prompt.headers), "connection": "close"}
    for answered in (prompt, usual):
        assert answered.headers["date"].endswith(" GMT")


@pytest.mark.parametrize("head", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_connection_is_kept_or_closed_as_http_says(head: str) -> None:
    request = post(encoded()).replace(b"HTTP/1.1", head.encode())
    async with serving() as port, Client(port.number) as client:
        await client.send(request)
        assert (await client.answer()).status == 202
        if head == "HTTP/1.0":
            assert await client.is_closed()
        else:
            await client.send(request)
            assert (await client.answer()).status == 202


async def test_a_client_of_http_1_0_that_asks_for_it_is_told_that_its_connection_stays() -> None:
    request = post(encoded(), Connection="keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0")
    async with serving() as port:
        assert (await port.send(request)).headers["connection"] == "keep-alive"


async def test_requests_that_come_before_their_answers_are_read_are_all_answered() -> None:
    """Answers nobody reads pile up in the kernel, and then go the way that waits."""
    count = 300
    async with serving() as port, Client(port.number) as client:
        await client.send(b"".join(post(encoded(event_id=f"e{at}")) for at in range(count)))
        answers = [await client.answer() for _ in range(count)]
    assert {answered.status for answered in answers} == {202}
