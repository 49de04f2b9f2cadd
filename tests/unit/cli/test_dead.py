"""`relay dead show` asks at most twice for letters, and tells them without their event as well."""

from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from relay.cli.connection import Reply
from relay.cli.dead.dead import lookup, tried
from relay.cli.running.client import AdminClient
from relay.errors import RelayError
from relay.outcome.views.api import DeadLetterList, DeadLetterView


def letter(id_: str, event_id: str) -> DeadLetterView:
    return DeadLetterView(
        id=id_,
        event_id=event_id,
        event="purchase",
        event_time="2026-01-31T12:03:01.000Z",
        destination="pinterest-main",
        reason="expired",
        code="",
        message="",
        dead_at="2026-01-31T12:03:01.000Z",
    )


LETTERS = [letter("3", "order-1"), letter("2", "1"), letter("1", "order-1")]


class Relay:
    """Answers from `LETTERS`, whose events are gone, and keeps what it was asked."""

    address = "127.0.0.1:8081"

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = None
    ) -> Reply:
        """Return the letters that the query means."""
        assert (method, body, content_type) == ("GET", None, None)
        if not path.startswith("/api/v1/dead-letters"):
            return Reply(404, {}, b'{"code":"not_found","message":"No event with this id."}')
        query = parse_qs(urlsplit(path).query)
        self.asked.append(query)
        limit = int(query.pop("limit")[0])
        found = [each for each in LETTERS if all([getattr(each, k)] == v for k, v in query.items())]
        return Reply(200, {}, msgspec.json.encode(DeadLetterList(found[:limit], None, len(found))))


@pytest.mark.parametrize(
    ("identity", "found", "requests"),
    [("1", ["1"], 1), ("order-1", ["3", "1"], 2)],
    ids=["a letter comes before an event of the same id", "an event"],
)
def test_only_what_is_meant_is_asked_for(identity: str, found: list[str], requests: int) -> None:
    relay = Relay()
    assert [each.id for each in lookup(AdminClient(relay), identity)] == found
    assert len(relay.asked) == requests


@pytest.mark.parametrize("identity", ["nobody", "\udcff"], ids=["text", "no UTF-8"])
def test_an_id_that_no_dead_letter_has_is_said_so(identity: str) -> None:
    relay = Relay()
    with pytest.raises(RelayError, match="no dead letter has this id"):
        lookup(AdminClient(relay), identity)
    assert [list(each) for each in relay.asked] == [["id"], ["event_id"]]


def test_a_letter_is_told_though_its_event_is_no_longer_on_record() -> None:
    """A letter is kept for 400 days, and its event for 30 at most."""
    lines = tried(AdminClient(Relay()), "order-1")
    assert [each.plain for each in lines] == ["What was tried is no longer on record."]
