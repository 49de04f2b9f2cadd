"""The corpus of the bench: real-looking events, none twice, the same for the same seed."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from relay.event import InboundEvent
from tests.bench import corpus

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def bodies(count: int, body_events: int) -> list[bytes]:
    return list(corpus.bodies(corpus.Shop(7, NOW).events(count), body_events))


def test_the_corpus_is_in_the_inbound_format() -> None:
    """Every body decodes strictly, and the last one is what was left over."""
    decoded = [msgspec.json.decode(body, type=list[InboundEvent]) for body in bodies(250, 100)]
    assert [len(events) for events in decoded] == [100, 100, 50]


def test_no_two_events_are_the_same() -> None:
    events = list(corpus.Shop(7, NOW).events(5_000))
    assert len({str(event["event_id"]) for event in events}) == 5_000
    assert len({str(event["user"]) for event in events}) == 5_000


def test_the_same_seed_gives_the_same_events() -> None:
    assert bodies(50, 10) == bodies(50, 10)


def test_an_event_has_the_size_of_a_real_one() -> None:
    mean_bytes = sum(map(len, bodies(2_000, 100))) / 2_000
    assert 850 < mean_bytes < 950


def test_a_file_of_bodies_holds_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "bodies"
    corpus.write(path, iter(bodies(30, 10)))
    assert path.read_bytes().splitlines() == bodies(30, 10)
