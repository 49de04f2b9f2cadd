"""What a worker and the main process say to each other: MessagePack arrays, told apart by a tag.

Both are of one version, since one started the other. A `number` is the worker's own for what it
asks; each one is answered once, by `Done` or by why not. What comes back for a request that nobody
waits for any more is dropped, unless it was a use of a key, which is then given back.
"""

from typing import Any

import msgspec

from relay.intake.problem import Finding
from relay.journal.entry import Entry, Rejection
from relay.keys.record import KeyFile
from relay.keys.uses import DenialKind, Meter

Labels = tuple[str, ...]


class Observations(msgspec.Struct, frozen=True, array_like=True):
    """What a histogram was told: how often in each bucket, and the sum."""

    counts: list[int]
    sum: float


class Ready(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """The worker takes events."""


class Alive(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """The worker has nothing to say, and goes on."""


class Part(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Some events of a request that has more than go into one message."""

    number: int
    entries: list[Entry]


class Put(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Store a request, with all parts that came before; done when it is on disk."""

    number: int
    entries: list[Entry]
    rejections: list[Rejection]
    warnings: list[Finding]
    key: str | None


class Begin(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Take a use of a key that has a limit."""

    number: int
    meter: Meter


class GiveBack(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """A use that was begun came to nothing; done when it is free for the next request."""

    number: int
    counted: str


class Left(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Ask how often a key may still be used."""

    number: int
    meter: Meter


class KeyFailed(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """A peer used an invalid key; ask how long its refusal has to wait."""

    number: int
    peer: str | None


class Figures(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """What was counted since the last time, in the order of `relay.workers.figure_book`."""

    tallies: list[list[tuple[Labels, int]]]
    histograms: list[list[tuple[Labels, Observations]]]


class Setup(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Everything that a worker needs to begin; the first thing it hears.

    `environ` holds the variables with the shops' secrets, and nothing else of the environment.
    """

    slot: int
    workers: int
    document: dict[str, Any]
    """The configuration, as `relay.config.document` writes it."""
    environ: dict[str, str]
    keys: KeyFile
    """Those in force, whatever has become of their file since."""
    openapi: bytes
    sockets: list[int]
    """File descriptors that listen."""
    counts: int
    """The file descriptor of the connection counts."""
    log_level: int

    def __repr__(self) -> str:
        return f"<Setup {self.slot}>"


class Done(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """What was asked is done, or told."""

    number: int
    told: float | None = None


class Unavailable(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """The journal took nothing of it."""

    number: int
    reason: str
    retry_after_s: int


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """The key is invalid, or may not be used now."""

    number: int
    kind: DenialKind
    message: str
    retry_after_s: float


class Failed(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """The main process made a mistake, which it has logged."""

    number: int


class Reload(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """Read secrets that stand in files again now."""


class Stop(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """Take nothing more, finish what is under way within so many seconds, and end."""

    within_s: float


FromWorker = Ready | Alive | Part | Put | Begin | GiveBack | Left | KeyFailed | Figures
Reply = Done | Unavailable | Refusal | Failed
FromMain = Setup | Done | Unavailable | Refusal | Failed | Reload | Stop
