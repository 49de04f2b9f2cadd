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


def test_a_file_that_is_named_or_lies_in_the_folder_says_where_the_journal_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = '[journal]\npath = "{}.db"\n[destinations.p]\ntype = "pinterest"\nad_account_id = "1"\n'
    Path("other.toml").write_text(text.format("/shop/other"), "utf-8")
    assert journal_path(Path("other.toml"), emulated=False) == Path("/shop/other.db")
    Path("relay.toml").write_text(text.format("/shop/own"), "utf-8")
    assert journal_path(None, emulated=False) == Path("/shop/own.db")
