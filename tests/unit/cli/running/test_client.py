"""The admin port as commands ask it: every answer is data or one line with the fix."""

import msgspec
import pytest

from relay.cli.connection import CutOff, NoAnswer, Reply
from relay.cli.running.client import AdminClient, NotFound, admin_client, reachable, read
from relay.config import Listen, parse
from relay.errors import ConfigError, RelayError
from relay.outcome.views.api import RejectionList


class FakeAdmin:
    """Answers each path with a status and a body; nobody listens for other paths."""

    address = "127.0.0.1:8081"

    def __init__(self, **answers: tuple[int, bytes]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, str, bytes | None]] = []

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = None
    ) -> Reply:
        self.asked.append((method, path, body))
        name = path.partition("?")[0].rpartition("/")[2].replace("-", "_")
        if name not in self._answers:
            raise NoAnswer("no answer")
        return Reply(self._answers[name][0], {}, self._answers[name][1])


def error(message: str) -> bytes:
    return msgspec.json.encode({"code": "bad_request", "message": message})


def test_a_question_carries_only_what_is_given() -> None:
    admin = FakeAdmin(events=(200, b"{}"))

    AdminClient(admin).ask("/api/v1/events", event_id="a/b &=é", order_id=None)

    assert admin.asked == [("GET", "/api/v1/events?event_id=a%2Fb+%26%3D%C3%A9", None)]


def test_an_option_that_is_no_text_is_told_and_not_sent() -> None:
    admin = FakeAdmin(drop=(200, b"{}"))

    with pytest.raises(ConfigError, match="no UTF-8"):
        AdminClient(admin).tell("/api/v1/dead-letters/drop", {"ids": ["caf\udce9"]})
    assert not admin.asked


def test_a_relay_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(NoAnswer, match=r"127\.0\.0\.1:8081: start it with `relay serve`"):
        AdminClient(FakeAdmin()).ask("/api/v1/summary")


def test_a_relay_that_has_not_answered_yet_is_not_said_to_be_down() -> None:
    """It may replay for minutes, or have ended on the way: the same command does the rest."""

    class Slow(FakeAdmin):
        def request(self, *_: object) -> Reply:
            raise CutOff("no answer from 127.0.0.1:8081: it took too long")

    with pytest.raises(CutOff, match="too long; what was asked for may be done in part: run"):
        AdminClient(Slow()).tell("/api/v1/dead-letters/replay")
    with pytest.raises(CutOff, match=r"too long$"):
        AdminClient(Slow()).ask("/api/v1/summary")


def test_a_missing_password_is_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigError, match="wants its password"):
        AdminClient(FakeAdmin(summary=(401, error("x")))).ask("/api/v1/summary")


def test_a_password_that_cannot_be_used_names_its_key_and_its_place() -> None:
    config = parse('[admin]\npassword = "env:PASSWORD"', {}, origin="relay.toml")

    with (
        pytest.raises(ConfigError, match=r"^admin\.password: env:PASSWORD must hold one line"),
        admin_client(config, {"PASSWORD": "two\nlines"}),
    ):
        pass


def test_the_words_of_the_relay_are_handed_on() -> None:
    with pytest.raises(RelayError, match=r"^limit: use a whole number$"):
        AdminClient(FakeAdmin(summary=(400, error("limit: use a whole number.")))).ask(
            "/api/v1/summary"
        )


def test_what_is_not_there_is_an_error_of_its_own() -> None:
    with pytest.raises(NotFound):
        AdminClient(FakeAdmin(events=(404, error("No.")))).ask("/api/v1/events")


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000])
def test_another_server_on_the_port_is_recognised(status: int, body: bytes) -> None:
    """Many answer every address with a page, and 200."""
    with pytest.raises(RelayError, match="no relay"):
        AdminClient(FakeAdmin(summary=(status, body))).ask("/api/v1/summary")
    with pytest.raises(RelayError, match="another form"):
        read(body, RejectionList)


def test_an_unknown_destination_is_told_with_the_known_ones() -> None:
    none = msgspec.json.encode({"destinations": []})
    admin = FakeAdmin(pause=(404, error("No.")), destinations=(200, none))

    with pytest.raises(ConfigError, match="none is configured"):
        AdminClient(admin).switch("a/../b", "pause")

    assert admin.asked[0] == ("POST", "/api/v1/destinations/a%2F..%2Fb/pause", b"")


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:8081", "127.0.0.1:8081"),
        ("localhost:8081", "localhost:8081"),
        ("10.1.2.3:8081", "10.1.2.3:8081"),
        ("0.0.0.0:8081", "127.0.0.1:8081"),
        ("[::]:8081", "[::1]:8081"),
    ],
)
def test_a_port_open_to_all_is_reached_by_loopback(listen: str, address: str) -> None:
    assert reachable(Listen(listen), "admin.listen") == address


def test_a_relay_on_any_free_port_cannot_be_found() -> None:
    with pytest.raises(ConfigError, match=r"admin\.listen"):
        reachable(Listen("127.0.0.1:0"), "admin.listen")
