"""Where commands that read the journal look for it."""

from pathlib import Path

import pytest

from relay.cli import run
from relay.cli.journal.place import journal_path


@pytest.mark.parametrize(
    "command", ["doctor", "journal check", "journal backup copy.db", "reconcile -", "dedup -"]
)
def test_without_any_configuration_the_sandbox_is_named_as_well(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(command.split()) == 2
    told = capsys.readouterr().err
    assert told.startswith("relay: relay.toml does not exist; ")
    assert "--sandbox" in told
    assert told.count("\n") == 1


def test_the_sandbox_has_a_journal_of_its_own_beside_that_of_the_relay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert journal_path(None, emulated=True) == Path("data/relay.db.sandbox")
