"""The file with the keys: whose it is, and what is said where it cannot be written."""

import os
from pathlib import Path

import pytest

from relay.config.address import Listen
from relay.errors import ConfigError
from relay.keys import store
from relay.keys.record import KeyFile
from tests.given.event.builders import NOW_S

NOBODY = 65_534
KEY = (
    '{"version":1,"pepper":"00","keys":[{"key":"relay_0123456789","name":"shop","digest":"00",'
    '"limits":{"rate_per_s":0.5},"created_at":1,"uses_of":"relay_0123456789"}]}'
)


def unchanged(found: KeyFile) -> KeyFile:
    return found


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    """Whoever owns the folder cannot have root write elsewhere."""
    precious = tmp_path / "precious"
    precious.write_text("whole")
    (tmp_path / ".keys.json.lock").symlink_to(precious)
    with pytest.raises(ConfigError, match="cannot be written"):
        store.change(tmp_path / "keys.json", unchanged)
    assert precious.read_text() == "whole"


def test_what_a_command_left_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.with_name(".keys.json.new").write_text('{"version":1,"pep')
    store.change(path, unchanged)
    assert store.read(path) is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes files for others")
def test_what_root_makes_belongs_to_whom_the_folder_belongs_to(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    store.change(tmp_path / "keys.json", unchanged)
    assert {(each.stat().st_uid, each.stat().st_mode & 0o777) for each in tmp_path.iterdir()} == {
        (NOBODY, 0o600)
    }


@pytest.mark.parametrize(
    "content",
    [
        '{"version":1,"pepper":"salt","keys":[]}',
        '{"version":1,"pepper":"abc","keys":[]}',
        KEY.replace("0.5", "0"),
        KEY.replace("0.5", "-1"),
    ],
)
def test_a_file_that_no_key_could_be_checked_with_is_none_of_ours(
    tmp_path: Path, content: str
) -> None:
    """As one that was edited by hand; each request would end in an error."""
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match="is no file of producer keys"):
        store.read(path)
    path.write_text(KEY)
    assert store.read(path) is not None


def test_a_folder_that_takes_nothing_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(ConfigError, match="run this as the relay's user"):
        store.change(tmp_path / "data" / "keys.json", unchanged)


@pytest.mark.parametrize("ending", ['"revoked_at":1', f'"expires_at":{NOW_S}'])
def test_a_key_that_has_ended_lets_no_port_listen_to_the_network(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / "keys.json"
    path.write_text(KEY)
    store.check_exposed(Listen("0.0.0.0:8080"), path, NOW_S)
    path.write_text(KEY.replace('"created_at":1', f'"created_at":1,{ending}'))
    with pytest.raises(ConfigError, match="holds no producer key"):
        store.check_exposed(Listen("0.0.0.0:8080"), path, NOW_S)
    store.check_exposed(Listen("127.0.0.1:8080"), path, NOW_S)
