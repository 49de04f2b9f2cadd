"""The messages between a worker and the main process: MessagePack arrays, distinguished by a tag.

Both have the same version, since one started the other. The worker numbers its requests; each
`number` is answered once, by `Done` or by a reason why not. An answer that nobody waits for any
more is dropped; if it granted the use of a key, the use is given back.
"""

from typing import Any

import msgspec

from relay.intake.problem import Finding
from relay.journal.entry import Entry, Rejection
from relay.keys.record import KeyFile
from relay.keys.uses import DenialKind, Meter

Labels = tuple[str, ...]


class Observations(msgspec.Struct, frozen=True, array_like=True):
    """What a histogram observed: the count in each bucket, and the sum."""

    counts: list[int]
    sum: float


class Ready(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """The worker accepts events."""


class Alive(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """The worker has nothing to report, but is running."""


class Part(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Some events of a request that has too many for one message."""

    number: int
    entries: list[Entry]


class Put(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Store a request, with all of its earlier parts; done when it is on disk."""

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
    """Give back a use that was begun; done when it is free for the next request."""

    number: int
    counted: str


class Left(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Ask how often a key may still be used."""

    number: int
    meter: Meter


class KeyFailed(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """A peer used an invalid key; ask how long to delay its refusal."""

    number: int
    peer: str | None


class Figures(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """What was counted since the last report, in the order of `relay.workers.figure_book`."""

    tallies: list[list[tuple[Labels, int]]]
    histograms: list[list[tuple[Labels, Observations]]]


class Setup(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Everything that a worker needs to start; the first message to it.

    `environ` holds the variables with the shops' secrets, and nothing else of the environment.
    """

    slot: int
    workers: int
    document: dict[str, Any]
    """The configuration, as `relay.config.document` writes it."""
    environ: dict[str, str]
    keys: KeyFile
    """The keys in force, whatever has become of their file since they were read."""
    openapi: bytes
    sockets: list[int]
    """File descriptors of the listening sockets."""
    counts: int
    """The file descriptor of the connection counts."""
    log_level: int

    def __repr__(self) -> str:
        return f"<Setup {self.slot}>"


class Done(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """The request succeeded; `told` is the answer, if it asked for one."""

    number: int
    told: float | None = None


class Unavailable(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """The journal stored nothing of the request."""

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
    """An unexpected error in the main process, which has logged it."""

    number: int


class Reload(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """Read secrets from their files again now."""


class Stop(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """Accept nothing more, finish what is under way within `within_s` seconds, and end."""

    within_s: float


FromWorker = Ready | Alive | Part | Put | Begin | GiveBack | Left | KeyFailed | Figures
Reply = Done | Unavailable | Refusal | Failed
FromMain = Setup | Reply | Reload | Stop
