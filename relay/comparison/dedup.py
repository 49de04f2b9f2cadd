"""Compares the browser's events with the server's: which are counted twice, and why.

There are three passes, each with bounded memory. The first writes the browser's events to a
temporary database. The second reads a snapshot of the log, event by event, while the relay may be
running. The third looks for probable pairs among the events without a twin. A server event without
a twin is called unmatched only if it lies within the time that the file covers; a pair may lie a
day outside it, since neither side tells an event at the same moment as the other.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from relay.comparison.dedup_advice import advice, sentence
from relay.comparison.dedup_result import Checked, DedupResult, Doubt, Example, Unsent
from relay.comparison.listing import rfc3339
from relay.comparison.pixel_book import BATCH, Alone, BrowserOnly, Pair, PixelBook
from relay.comparison.pixel_file import PixelEvent, PixelFile
from relay.comparison.twin import Cause, Fate, Judge, Sent
from relay.delivery import Destination, Payload
from relay.errors import RelayError
from relay.event_name import Lane
from relay.journal.disk.snapshot import at_one_moment
from relay.journal.disk.storage import UNREADABLE
from relay.journal.find import standing
from relay.journal.find.standing import START, Stand, Standing, Wanted
from relay.journal.verify.finding import Watch

EXAMPLES: Final = 5
"""How many examples of each cause are kept per destination."""
MARGIN_S: Final = 86_400
"""How far outside the time that the file covers a server event may have its pair, in seconds."""
NEVER: Final = (1, 0)
"""The period of a file without events: it covers no time, so no server event lies in it."""
CAUSES: Final[Sequence[Cause]] = get_args(Cause)


def check(
    journal: Path,
    destinations: Sequence[Destination],
    pixel: PixelFile,
    now_s: float,
    watch: Watch,
) -> DedupResult:
    """Return which of the server's events are counted twice.

    Raises `RelayError` if the journal or the temporary database cannot be used, or if the journal
    knows none of the destinations.
    """
    with PixelBook.open() as book:
        book.add(pixel)
        comparison = at_one_moment(
            journal, lambda snapshot: _look(snapshot, destinations, book, now_s, watch)
        )
        watch("Looking for pairs", 0, None)
        for pair in book.pairs():
            comparison.take(pair)
        return _result(journal, pixel, book, comparison)


def _result(
    journal: Path, pixel: PixelFile, book: PixelBook, comparison: "_Comparison"
) -> DedupResult:
    before_s = None if comparison.kept_since_ms is None else comparison.kept_since_ms // 1000
    checked = comparison.checked()
    return DedupResult(
        journal=str(journal),
        sound=bool(book.count)
        and not any(each.twice for each in checked)
        and not pixel.faults.count
        and not comparison.unreadable,
        browser_events=book.count,
        unreadable=pixel.faults.count,
        faults=pixel.faults.listed,
        columns=pixel.columns,
        events_unreadable=comparison.unreadable,
        kept_since=rfc3339(before_s),
        destinations=checked,
        browser_only=[comparison.unsent(each) for each in book.browser_only(before_s)],
    )


class _Place(NamedTuple):
    """A destination, with its counts and examples."""

    destination: Destination
    judge: Judge
    counts: Counter[str]
    examples: dict[Fate, list[Example]]

    def note(self, fate: Fate, example: Example | None) -> None:
        self.counts[fate] += 1
        if example is not None:
            listed = self.examples.setdefault(fate, [])
            if len(listed) < EXAMPLES:
                listed.append(example)

    def result(self) -> Checked:
        doubts = [
            Doubt(
                cause=cause,
                events=self.counts[cause],
                advice=advice(cause, self.judge),
                examples=self.examples.get(cause, ()),
            )
            for cause in sorted(CAUSES, key=lambda cause: -self.counts[cause])
            if self.counts[cause]
        ]
        checked = Checked(
            destination=self.judge.name,
            type=self.judge.type,
            once=self.counts["once"],
            server_only=self.counts["alone"],
            twice=sum(doubt.events for doubt in doubts),
            outside=self.counts["outside"],
            doubts=doubts,
            test=self.destination.test,
        )
        return msgspec.structs.replace(checked, sentence=sentence(checked))


def _look(
    snapshot: sqlite3.Connection,
    destinations: Sequence[Destination],
    book: PixelBook,
    now_s: float,
    watch: Watch,
) -> "_Comparison":
    """Judge the events whose id the browser also sent; note the others for the search for pairs."""
    book.forget_server()
    known = standing.names(snapshot)
    served = [each for each in destinations if each.name in known]
    if not served:
        raise RelayError(f"the journal serves none of the configured destinations; {START}")
    period = book.period() if book.count else NEVER
    comparison = _Comparison(served, period, now_s, _kept_since_ms(snapshot))
    total = sum(standing.count(snapshot, lane) for lane in Lane)
    # An entry of which only the id is left was not sent recently, and cannot be judged.
    wanted = Wanted(lambda entry: bool(entry.record))
    stands = _all_stands(snapshot, [each.name for each in served], wanted)
    done = 0
    while batch := list(islice(stands, BATCH)):
        comparison.look(batch, book)
        done += len(batch)
        watch("Reading the journal", done, max(done, total))
    comparison.unreadable += wanted.unreadable
    return comparison


def _kept_since_ms(snapshot: sqlite3.Connection) -> int | None:
    oldest = [standing.oldest_ms(snapshot, lane) for lane in Lane]
    return min((each for each in oldest if each is not None), default=None)


def _all_stands(
    snapshot: sqlite3.Connection, names: Sequence[str], wanted: Wanted
) -> Iterator[Stand]:
    for lane in Lane:
        yield from standing.stands(snapshot, lane, names, wanted)


class _Comparison:
    """Counts for each destination how its events match those of the browser."""

    def __init__(
        self,
        destinations: Sequence[Destination],
        period: tuple[int | None, int | None],
        now_s: float,
        kept_since_ms: int | None,
    ) -> None:
        self.kept_since_ms = kept_since_ms
        self.unreadable = 0
        """Events that cannot be read, or only their names and ids."""
        self._first, self._last = period
        self._now_s = now_s
        self._sends: set[str] = set()
        self._places = [
            _Place(each, Judge(each.name, each.type, each.limits), Counter(), {})
            for each in destinations
        ]

    def look(self, stands: Sequence[Stand], book: PixelBook) -> None:
        """Judge a batch of events."""
        same = book.same_ids({each.entry.event_id for each in stands})
        alone: list[Alone] = []
        for stand in stands:
            browser = same.get(stand.entry.event_id, ())
            where = self._places_without_twin(stand, browser)
            if where:
                entry = stand.entry
                alone.append(
                    Alone(
                        *(entry.event_id, entry.event, entry.event_time),
                        *(entry.order_id or "", where),
                    )
                )
        book.note_alone(alone)
        book.mark(same)

    def take(self, pair: Pair) -> None:
        """Count a pair as sent twice, at each destination that counted its server event alone."""
        for at in pair.server.where:
            place = self._places[at]
            browser = [each for each in pair.browser if place.judge.concerns(each)]
            if browser:
                place.counts[self._unpaired(pair.server.time_s)] -= 1
                place.note("id_differs", _paired(pair, browser[0]))

    def checked(self) -> list[Checked]:
        """Return the result for each destination."""
        return [place.result() for place in self._places]

    def unsent(self, only: BrowserOnly) -> Unsent:
        """Return events that only the browser sent, and whether the server sends any like them."""
        return Unsent(
            event=only.event,
            events=only.events,
            forgotten=only.forgotten,
            server_sends=only.event in self._sends,
            example=only.example,
        )

    def _places_without_twin(self, stand: Stand, browser: Sequence[PixelEvent]) -> bytes:
        try:
            return bytes(self._without_twin(stand, browser))
        except UNREADABLE:
            self.unreadable += 1
            return b""

    def _without_twin(self, stand: Stand, browser: Sequence[PixelEvent]) -> Iterator[int]:
        """Judge an event at each destination; yield the index of each one where it is alone."""
        for at, (place, stands_at) in enumerate(zip(self._places, stand.standings, strict=True)):
            if stands_at is None or stands_at.state in ("skipped", "dead"):
                continue
            self._sends.add(stand.entry.event)
            if self._is_alone(place, stand, stands_at, browser):
                yield at

    def _is_alone(
        self, place: _Place, stand: Stand, stands_at: Standing, browser: Sequence[PixelEvent]
    ) -> bool:
        """Judge and count an event at one destination.

        Returns whether the browser may have sent it under another id.
        """
        mine = [each for each in browser if place.judge.concerns(each)]
        if mine:
            sent = self._sent(place.destination, stand, stands_at)
            fate, twin = place.judge.fate(sent, mine)
            if twin is not None:
                place.note(fate, None if fate == "once" else _example(sent, stand, twin))
                return False
        at_s = stand.entry.event_time
        place.counts[self._unpaired(at_s)] += 1
        return self._is_covered(at_s, MARGIN_S)

    def _unpaired(self, at_s: int) -> Literal["alone", "outside"]:
        """Return what an event of this time counts as for as long as it has no twin or pair."""
        return "alone" if self._is_covered(at_s) else "outside"

    def _is_covered(self, at_s: int, margin_s: int = 0) -> bool:
        if self._first is None or self._last is None:
            return True
        return self._first - margin_s <= at_s <= self._last + margin_s

    def _sent(self, destination: Destination, stand: Stand, stands_at: Standing) -> Sent:
        payload = destination.prepare(stand.entry.conversion)
        name = payload.event if isinstance(payload, Payload) else None
        entry, at_ms = stand.entry, stands_at.at_ms
        sent_s = self._now_s if at_ms is None else at_ms / 1000
        return Sent(entry.event, name, entry.action_source, entry.event_time, sent_s)


def _example(sent: Sent, stand: Stand, twin: PixelEvent) -> Example:
    apart = None if twin.time_s is None else round((sent.sent_s - twin.time_s) / 3600, 2)
    return Example(
        event=sent.event,
        event_id=stand.entry.event_id,
        platform_event=sent.platform_event,
        browser_id=twin.event_id,
        browser_event=twin.name,
        evidence=None,
        hours_apart=apart,
    )


def _paired(pair: Pair, browser: PixelEvent) -> Example:
    return Example(
        event=pair.server.event,
        event_id=pair.server.event_id,
        platform_event=None,
        browser_id=browser.event_id,
        browser_event=browser.name,
        evidence=pair.evidence,
        hours_apart=None,
    )
