"""The pairs: a promise of ARCHITECTURE.md, a small break of it in the code, and the test it fails.

They are data (`pairs.toml`). A text that is to be replaced stands exactly once in its file, so that
a mutant can neither miss nor hit the wrong place; where the code has moved on, that is an error
which names the pair, and never a mutant that counts as found.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).parents[2]
PAIRS: Final = Path(__file__).with_name("pairs.toml")
_PROMISES: Final = re.compile(r"^## Promises.*?(?=^## )", re.MULTILINE | re.DOTALL)
_HEADLINE: Final = re.compile(r"^\*\*(.+?)\*\*", re.MULTILINE)


class Stale(Exception):
    """The text that a pair replaces is not there any more, or not only once."""


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One mutant. `breaks` says in words what it does; `test` is pytest's name of the test."""

    promise: str
    breaks: str
    file: str
    find: str
    replace: str
    test: str

    def path(self, root: Path = ROOT) -> Path:
        """Return the file that is changed, in a copy of the tree."""
        return root / self.file

    def mutated(self, root: Path = ROOT) -> str:
        """Return the changed text of the file. Raises `Stale`."""
        text = self.path(root).read_text()
        if (count := text.count(self.find)) != 1:
            raise Stale(f"{self.breaks}: the text stands {count} times in {self.file}")
        return text.replace(self.find, self.replace)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    pair: list[Pair]


def pairs() -> Sequence[Pair]:
    """Return all pairs, in the order of the promises."""
    return msgspec.toml.decode(PAIRS.read_bytes(), type=_File).pair


def promises() -> Sequence[str]:
    """Return the headlines of the promises in ARCHITECTURE.md."""
    part = _PROMISES.search((ROOT / "ARCHITECTURE.md").read_text())
    return [each.rstrip(".") for each in _HEADLINE.findall(part[0])] if part else []


def table(of: Sequence[Pair]) -> str:
    """Return the list in CONTRIBUTING.md."""
    lines = ["| promise | broken by | found by |", "|---|---|---|"]
    lines += [f"| {each.promise} | {each.breaks} | `{_short(each.test)}` |" for each in of]
    return "\n".join(lines)


def _short(test: str) -> str:
    return test.removeprefix("tests/")
