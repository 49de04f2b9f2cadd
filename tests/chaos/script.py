"""Fault scripts for the emulator: every row of both answer tables, and every way to break off.

Rows that differ only in their number (a range of codes with one meaning) share the chance of one
row, so that the hundred storage errors of TikTok do not hide everything else.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from relay.sandbox.answer import Answer
from relay.sandbox.catalogue import ANSWERS
from relay.sandbox.scripts import Action, Culprits, Match, ScriptFile, Step
from tests.chaos.event import POISON

ANY_ROW: Final = 0.3
"""The share of requests that get a row of the tables, whatever they hold."""
BREAK: Final = 0.03
"""The share of each way to break off."""
SLOW: Final = 0.05
SLOW_S: Final = 2.0
REFUSAL: Final = Culprits(prefix=POISON)


def healthy() -> bytes:
    """Return the script of platforms that refuse what is bad, and nothing else."""
    return _encoded([Step(action=Action(refuse=REFUSAL))])


def away() -> bytes:
    """Return the script of platforms that nobody reaches."""
    return _encoded([Step(action=Action(connection="reset"))])


def chaotic() -> bytes:
    """Return the script of platforms that do anything, and now and then what they should."""
    return _encoded([*_broken(), *_slow(), *_rows(), Step(action=Action(refuse=REFUSAL))])


def _broken() -> Iterator[Step]:
    """Yield breaks before and after the platform took the events, and in the middle of a body."""
    for action in (
        Action(connection="reset"),
        Action(connection="reset", recorded=True, refuse=REFUSAL),
        Action(connection="half_body", recorded=True, refuse=REFUSAL),
        Action(connection="hang", hang_s=SLOW_S, recorded=True, refuse=REFUSAL),
    ):
        yield Step(match=Match(probability=BREAK), action=action)


def _slow() -> Iterator[Step]:
    for action in (
        Action(connection="slow_body", hang_s=SLOW_S, refuse=REFUSAL),
        Action(delay_up_to_s=SLOW_S, refuse=REFUSAL),
    ):
        yield Step(match=Match(probability=SLOW), action=action)


def _rows() -> Iterator[Step]:
    """Yield all rows; each chance is that of the rows before it not having been taken."""
    for platform in ("pinterest", "tiktok"):
        rows = {name: row for name, row in ANSWERS.items() if row.platform == platform}
        left = 1.0
        for name, share in _shares(rows).items():
            yield Step(match=Match(probability=share / left), action=Action(answer=name))
            left -= share


def _shares(rows: Mapping[str, Answer]) -> dict[str, float]:
    alike = Counter(_meaning(row) for row in rows.values())
    return {name: ANY_ROW / len(alike) / alike[_meaning(row)] for name, row in rows.items()}


def _meaning(row: Answer) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(row, code=None))


def _encoded(steps: Sequence[Step]) -> bytes:
    document: Any = ScriptFile(steps=tuple(steps))
    return msgspec.json.encode(document)
