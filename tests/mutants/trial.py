"""One trial: a mutant in a copy of the tree, and whether its test fails there.

Only a failed assertion or error of the named test counts. A mutant that cannot even be imported,
a test that is not there or never ends prove nothing.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from tests.mutants.pair import ROOT, Pair, Stale

TEST_S: Final = 45
"""A test that hangs by its mutant is ended as failed."""
TRIAL_S: Final = 90.0
COPIED: Final = ("relay", "tests", "schemas", "deploy")
FILES: Final = ("pyproject.toml", "ARCHITECTURE.md", "CONTRIBUTING.md", "README.md")
PASSED: Final = 0
FAILED: Final = 1

Fate = Literal["found", "survived", "error"]


class Result(msgspec.Struct, frozen=True):
    """How a trial ended. `words` are pytest's last ones, or what is wrong with the pair."""

    pair: Pair
    fate: Fate
    seconds: float
    words: str = ""


class Copy:
    """A copy of the tree, in which one mutant after the other lives."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "tree"
        self._root.mkdir(parents=True)
        for name in COPIED:
            ignored = shutil.ignore_patterns("__pycache__", "*.db*")
            shutil.copytree(ROOT / name, self._root / name, ignore=ignored)
        for name in FILES:
            shutil.copy2(ROOT / name, self._root / name)

    def without_mutant(self, pairs: Sequence[Pair]) -> str:
        """Run all named tests on the code as it is; return what fails, empty if nothing does."""
        code, words = self._run(sorted({each.test for each in pairs}), len(pairs) * TRIAL_S)
        return "" if code == PASSED else words

    def trial(self, pair: Pair) -> Result:
        """Apply a mutant, run its test, and take the mutant back."""
        began = time.monotonic()
        path = pair.path(self._root)
        try:
            mutated = pair.mutated(self._root)
        except (Stale, OSError) as error:
            return Result(pair, "error", 0.0, str(error))
        original, status = path.read_bytes(), path.stat()
        path.write_text(mutated)
        try:
            code, words = self._run([pair.test], TRIAL_S)
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        fate: Fate = "survived" if code == PASSED else "found" if code == FAILED else "error"
        return Result(pair, fate, time.monotonic() - began, words)

    def _run(self, tests: Sequence[str], within_s: float) -> tuple[int | None, str]:
        """Return pytest's exit code and its last words."""
        options = ("-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider", "--timeout")
        try:
            done = subprocess.run(
                (sys.executable, "-m", "pytest", *options, str(TEST_S), *tests),
                cwd=self._root,
                env={**_environment(), "PYTHONPATH": str(self._root)},
                capture_output=True,
                timeout=within_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None, f"no end within {within_s:g} s"
        return done.returncode, done.stdout.decode(errors="replace")[-2000:]


def _environment() -> dict[str, str]:
    """Return the environment without what would measure coverage or configure a relay."""
    return {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("COV_", "COVERAGE_", "RELAY_"))
    }
