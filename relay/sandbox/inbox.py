"""What the emulator received: the latest requests and events, and counts of all of them.

It keeps the last 10,000 requests and events, payloads of up to 16 KiB, and up to a million distinct
accepted ids; further ids are only counted. Tokens never get here.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from relay.sandbox.answer import Fate, PlatformName
from relay.sandbox.platform import Ending, Finding, Reading

MAX_EVENTS: Final = 10_000
MAX_REQUESTS: Final = 10_000
MAX_IDS: Final = 1_000_000
MAX_PAYLOAD: Final = 16_384

_NOTHING = msgspec.Raw(b"null")


class RequestSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and how it ended."""

    number: int
    """Counted from 1 since the start; `DELETE /sandbox/events` does not reset it."""
    received_at: float
    """Unix seconds."""
    platform: PlatformName
    account: str
    test: bool
    event_count: int
    status: int | None
    """HTTP status of the answer; null if the connection was broken before it."""
    code: str
    """The platform's own code in the body of the answer."""
    step: int | None
    """The step of the script that acted, counted from 0; null if the platform answered itself."""
    notes: tuple[str, ...]


class EventSeen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event, and what became of it."""

    request: int
    received_at: float
    platform: PlatformName
    account: str
    event: str
    event_id: str
    event_time: int | None
    test: bool
    verdict: Fate
    code: str
    path: str
    """Path of the fault for which the event would be refused; empty if there is none."""
    repeated: bool
    """Whether the same event was accepted before, so that the platform would not count it again."""
    notes: tuple[str, ...]
    payload: msgspec.Raw
    """The event as it came; null if it was too big to keep."""


class Counts(msgspec.Struct, kw_only=True):
    """The counts of one platform; `events` is the sum of the four counts below it."""

    requests: int = 0
    events: int = 0
    accepted: int = 0
    refused: int = 0
    turned_away: int = 0
    unanswered: int = 0
    distinct_accepted: int = 0
    """Distinct (account, event name, event id) among the accepted events. An event without an id
    never repeats another."""
    duplicates: int = 0
    """Accepted events that had been accepted before."""
    ids_complete: bool = True
    """False once more distinct ids came than are kept: the two counts above are then bounds."""


class IdSeen(msgspec.Struct, frozen=True, gc=False):
    """An accepted event id, and how often it was accepted."""

    platform: PlatformName
    account: str
    event: str
    event_id: str
    count: int


class Inbox:
    """Records requests; read by the page, the control API and tests."""

    def __init__(self, *, max_ids: int = MAX_IDS) -> None:
        self._max_ids = max_ids
        self._number = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything received so far, counts included."""
        self.requests: deque[RequestSeen] = deque(maxlen=MAX_REQUESTS)
        self.events: deque[EventSeen] = deque(maxlen=MAX_EVENTS)
        self.counts: dict[PlatformName, Counts] = {"pinterest": Counts(), "tiktok": Counts()}
        self._ids: dict[tuple[PlatformName, str, str], dict[str, int]] = {}
        self._id_count = 0

    def record(
        self,
        platform: PlatformName,
        reading: Reading,
        ending: Ending,
        *,
        received_at: float,
        step: int | None,
        broken: bool,
        recorded: bool = False,
    ) -> RequestSeen:
        """Record one request.

        `broken`: the sender never got its whole answer. `recorded`: the platform processed the
        events as that answer says, even if it was broken.
        """
        self._number += 1
        request = RequestSeen(
            number=self._number,
            received_at=received_at,
            platform=platform,
            account=reading.account,
            test=reading.test,
            event_count=len(reading.findings),
            status=None if broken else ending.reply.status,
            code=ending.code,
            step=step,
            notes=reading.notes,
        )
        fates: Sequence[Fate] = ending.fates
        if broken and not recorded:
            fates = ["unanswered"] * len(ending.fates)
        self.requests.append(request)
        self.counts[platform].requests += 1
        for finding, fate in zip(reading.findings, fates, strict=True):
            self._record_event(request, finding, fate)
        return request

    def ids(self, platform: PlatformName | None) -> Iterator[IdSeen]:
        """Yield the accepted ids with their counts, of one platform or of both."""
        for (of, account, event), counted in list(self._ids.items()):
            if platform in {None, of}:
                for event_id, count in list(counted.items()):
                    yield IdSeen(of, account, event, event_id, count)

    def _record_event(self, request: RequestSeen, finding: Finding, fate: Fate) -> None:
        counts = self.counts[request.platform]
        counts.events += 1
        setattr(counts, fate, getattr(counts, fate) + 1)
        repeated = fate == "accepted" and self._is_repeated(request, finding, counts)
        self.events.append(
            EventSeen(
                request=request.number,
                received_at=request.received_at,
                platform=request.platform,
                account=request.account,
                event=finding.event,
                event_id=finding.event_id,
                event_time=finding.event_time,
                test=request.test,
                verdict=fate,
                code=request.code,
                path=finding.path,
                repeated=repeated,
                notes=finding.notes,
                payload=_kept(finding.payload),
            )
        )

    def _is_repeated(self, request: RequestSeen, finding: Finding, counts: Counts) -> bool:
        """Count an accepted event, and return whether it was accepted before."""
        key = (request.platform, request.account, finding.event)
        before = self._ids.get(key, {}).get(finding.event_id, 0)
        if before:
            self._ids[key][finding.event_id] = before + 1
            counts.duplicates += 1
            return True
        counts.distinct_accepted += 1
        if finding.event_id:
            self._keep_id(key, finding.event_id, counts)
        return False

    def _keep_id(self, key: tuple[PlatformName, str, str], event_id: str, counts: Counts) -> None:
        if self._id_count >= self._max_ids:
            counts.ids_complete = False
            return
        self._ids.setdefault(key, {})[event_id] = 1
        self._id_count += 1


def _kept(payload: bytes) -> msgspec.Raw:
    return msgspec.Raw(payload) if 0 < len(payload) <= MAX_PAYLOAD else _NOTHING
