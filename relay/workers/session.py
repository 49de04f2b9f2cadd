"""The main process's end of the connection to one worker: stores events, counts keys, and answers.

When a worker ends, a request that has arrived completely is still stored, although nobody gets the
answer. Nothing is stored of any other request, and the uses of keys begun for it are given back.
"""

import logging
from asyncio import Future
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import assert_never

import msgspec

from relay.errors import JournalUnavailable
from relay.failed_attempts import FailedAttempts
from relay.intake.storage import Storage
from relay.journal.entry import Entry
from relay.keys.keyring import Keyring
from relay.keys.uses import Denied, Uses
from relay.workers.figure_book import FigureBook
from relay.workers.message import (
    Alive,
    Begin,
    Done,
    Failed,
    Figures,
    FromWorker,
    GiveBack,
    KeyFailed,
    Left,
    Part,
    Put,
    Ready,
    Refusal,
    Unavailable,
)
from relay.workers.shared_payloads import SharedPayloads

log = logging.getLogger(__name__)


class MainServices(msgspec.Struct, frozen=True):
    """What exists only once, in the main process, and serves all workers."""

    storage: Storage
    uses: Uses
    keyring: Keyring
    failed_attempts: FailedAttempts
    figures: FigureBook
    shared: SharedPayloads


class WorkerSession:
    """See the module docstring. `ready` is called when the worker takes events."""

    def __init__(
        self,
        services: MainServices,
        send: Callable[[msgspec.Struct], None],
        ready: Callable[[], None],
    ) -> None:
        self._services = services
        self._send = send
        self._ready = ready
        self._parts: dict[int, list[Entry]] = {}
        self._begun: Counter[str] = Counter()
        self._gone = False

    def received(self, message: FromWorker) -> None:
        """Do what a worker asks for."""
        match message:
            case Put():
                self._put(message)
            case Part(number, entries):
                self._parts.setdefault(number, []).extend(entries)
            case Begin():
                self._begin(message)
            case GiveBack(number, counted):
                self._begun[counted] -= 1
                self._services.uses.give_back(counted)
                self._send(Done(number))
            case Left(number, meter):
                self._send(Done(number, self._services.uses.left_now(meter)))
            case KeyFailed(number, peer):
                self._send(Done(number, self._services.failed_attempts.noted(peer)))
            case Figures():
                self._services.figures.add(message)
                self._services.keyring.follow()  # as the worker did at the requests that it counts
            case Ready():
                self._ready()
            case Alive():
                pass  # it only matters that a message came
            case _:
                assert_never(message)

    def lost(self) -> None:
        """Drop the unfinished requests of a worker that is gone, and give back its uses of keys."""
        self._gone = True
        self._parts.clear()
        for counted, number in self._begun.items():
            for _ in range(number):
                self._services.uses.give_back(counted)
        self._begun.clear()

    def _begin(self, message: Begin) -> None:
        try:
            self._services.uses.begin(message.meter)
        except Denied as denied:
            refusal = Refusal(message.number, denied.kind, denied.message, denied.retry_after_s)
            self._send(refusal)
        else:
            self._begun[message.meter.counted] += 1
            self._send(Done(message.number))

    def _put(self, message: Put) -> None:
        entries = self._parts.pop(message.number, [])
        entries += message.entries
        self._services.shared.restore(entries)
        key = message.key if entries else None
        held = self._take_use(key)
        put = self._services.storage.put
        try:
            stored = put(entries, message.rejections, message.warnings, message.key)
        except Exception:
            log.exception("a request failed")
            self._give_use_back(key, held=held)
            self._send(Failed(message.number))
        else:
            stored.add_done_callback(partial(self._answer, message.number, key, held))

    def _answer(self, number: int, key: str | None, held: bool, stored: "Future[None]") -> None:  # noqa: FBT001 - a callback
        error = None if stored.cancelled() else stored.exception()
        if error is None:
            self._send(Done(number))
            return
        self._give_use_back(key, held=held)
        if isinstance(error, JournalUnavailable):
            self._send(Unavailable(number, error.reason, error.retry_after_s))
        else:
            log.error("a request failed", exc_info=error)
            self._send(Failed(number))

    def _take_use(self, key: str | None) -> bool:
        """Take a use for a request; return True if it was begun before, False if it is new."""
        if key is None:
            return False
        if self._begun[key] > 0:
            self._begun[key] -= 1
            return True
        self._services.uses.add(key)
        return False

    def _give_use_back(self, key: str | None, *, held: bool) -> None:
        """Undo `_take_use`; a use begun before is the worker's to give back, if it still runs."""
        if key is None:
            return
        if held and not self._gone:
            self._begun[key] += 1
        else:
            self._services.uses.give_back(key)
