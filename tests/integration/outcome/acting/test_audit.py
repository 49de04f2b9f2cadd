"""Every act of an operator is written down with who, when and from where, and nothing secret."""

import json
import os
import stat
import subprocess
import sys
from base64 import b64encode
from datetime import datetime, timedelta
from getpass import getuser
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from relay.errors import JournalUnavailable
from relay.journal.letter import DeadFilter
from relay.journal.sqlite import SqliteJournal
from relay.outcome.acting.audit import AUTHOR, MAX_ACTOR, MAX_BYTES, MAX_TARGET, Author, Trail
from relay.outcome.acting.audited import AuditedControl, AuditedLetters
from tests.given.command.process import Shop, assert_one_line
from tests.given.event.builders import NOW_S

EMAIL = "canary-of-a-person@example.com"


class OnFullDisk:
    """A control that obeys, and cannot write it down."""

    async def pause(self, name: str) -> None:
        raise JournalUnavailable(f"{name} is paused, but not on disk")

    async def resume(self, name: str) -> None:
        raise JournalUnavailable(f"{name} is resumed, but not on disk")


def acts(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shop.run("audit", "--sandbox", "--json").out)["acts"]
    return found


def test_who_acts_under_a_name_that_is_no_text_is_written_down_all_the_same(
    tmp_path: Path,
) -> None:
    shop = Shop.of(tmp_path)
    with shop.serving("--sandbox"):
        url = f"http://127.0.0.1:{shop.admin}/api/v1/destinations/tiktok-sandbox/pause"
        named = {"Relay-Actor": "J\xfcrgen"}  # goes out as Latin-1
        with urlopen(Request(url, method="POST", headers=named), timeout=10) as answer:
            answer.read()
        found = acts(shop)
    assert [(each["action"], each["actor"]) for each in found] == [("pause", "J\ufffdrgen")]


def test_a_password_that_is_given_as_the_user_name_too_is_not_written_down(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    with shop.serving("--sandbox"):
        url = f"http://127.0.0.1:{shop.admin}/api/v1/destinations/tiktok-sandbox/pause"
        for user in ("correct-horse", "ada"):
            given = b64encode(f"{user}:correct-horse".encode()).decode()
            request = Request(url, method="POST", headers={"Authorization": f"Basic {given}"})
            with urlopen(request, timeout=10) as answer:
                answer.read()
        found = acts(shop)
    assert sorted(each["actor"] for each in found) == ["", "ada"]


def test_acts_of_commands_and_of_the_port_are_told_in_order(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    with shop.serving("--sandbox"):
        assert "Nobody has done anything" in shop.run("audit", "--sandbox").out
        assert shop.run("pause", "tiktok-sandbox").code == 0
        url = f"http://127.0.0.1:{shop.admin}/api/v1/destinations/tiktok-sandbox/resume"
        with urlopen(Request(url, method="POST"), timeout=10) as answer:
            answer.read()
        assert shop.run("dead", "replay", "--all", "--dry-run").code in {0, 2}
        assert shop.run("forget", "--email", EMAIL).code == 0
        assert shop.run("pause", "nobody").code == 2
        found = acts(shop)
        shown = shop.run("audit", "--sandbox").out
    assert [(each["action"], each["target"]) for each in found] == [
        ("pause", "tiktok-sandbox"),
        ("resume", "tiktok-sandbox"),
        ("forget", "a person"),
    ]
    assert [each["actor"] for each in found] == [getuser(), "", getuser()]
    assert {each["origin"] for each in found} == {"127.0.0.1"}
    moments = [datetime.fromisoformat(each["at"]) for each in found]
    assert moments == sorted(moments)
    assert {each.utcoffset() for each in moments} == {timedelta(0)}
    assert "at_ms" not in found[0]
    assert "forget" in shown


async def test_an_act_that_holds_but_could_not_be_stored_is_told_all_the_same(
    tmp_path: Path,
) -> None:
    trail = Trail(tmp_path / "relay.db.audit", lambda: NOW_S)
    control = AuditedControl(OnFullDisk(), trail)
    for act in (control.pause, control.resume):
        with pytest.raises(JournalUnavailable):
            await act("first")
    assert [act.action for act in trail.acts()] == ["pause", "resume"]


async def test_an_act_that_did_not_happen_is_not_told(tmp_path: Path) -> None:
    class Nobody:
        async def pause(self, name: str) -> None:
            raise KeyError(name)

        resume = pause

    trail = Trail(tmp_path / "relay.db.audit", lambda: NOW_S)
    control = AuditedControl(Nobody(), trail)
    for act in (control.pause, control.resume):
        with pytest.raises(KeyError):
            await act("first")
    assert list(trail.acts()) == []


async def test_what_became_of_dead_letters_is_told_but_no_dry_run(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "relay.db.audit", lambda: NOW_S)
    journal = SqliteJournal(
        tmp_path / "relay.db", clock=lambda: NOW_S, max_size_bytes=2**30, retention_s=86_400.0
    )
    await journal.open(["first"])
    letters = AuditedLetters(journal, (), lambda: NOW_S, {}, trail)
    some = DeadFilter(destination="first", ids=frozenset({"first-1", "first-2"}), code="40002")
    for dry_run in (True, False):
        assert list(trail.acts()) == []
        assert (await letters.replay(some, dry_run=dry_run)).matched == 0
        assert await letters.drop(DeadFilter(), note="", dry_run=dry_run) == 0
    await journal.close()
    assert [(act.action, act.target, act.details) for act in trail.acts()] == [
        ("replay", "ids=2 destination=first code=40002", "0 of 0"),
        ("drop", "", "0 dropped"),
    ]


def test_keys_are_audited_without_their_secrets(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    key = json.loads(shop.run("keys", "create", "backend", "--json").out)
    shop.run("keys", "revoke", "backend")
    [file] = (tmp_path / "data").glob("*.audit")
    text = file.read_text()
    assert [json.loads(line)["action"] for line in text.splitlines()] == [
        "key_create",
        "key_revoke",
    ]
    assert key["secret"] not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_audit_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    (tmp_path / "data" / "relay.db.audit").mkdir(parents=True)
    ended = shop.run("audit")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "run this as the relay's user" in ended.err


def test_of_many_acts_the_latest_are_shown(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    for name in ("first", "second", "third"):
        shop.run("keys", "create", name)
    found = json.loads(shop.run("audit", "--limit", "2", "--json").out)["acts"]
    assert [each["target"] for each in found] == ["second", "third"]


def test_keys_that_were_made_before_there_is_a_configuration_are_told(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    shop.run("keys", "create", "backend")
    assert "key_create" in shop.run("audit").out


def test_a_folder_without_a_relay_does_not_say_that_nobody_did_anything(tmp_path: Path) -> None:
    """Whoever looks in the wrong folder would believe it."""
    assert_one_line(Shop.of(tmp_path).run("audit"), 2, "relay.toml does not exist")


def test_nothing_of_a_person_is_in_the_audit(tmp_path: Path) -> None:
    shop = Shop.of(tmp_path)
    with shop.serving("--sandbox"):
        shop.run("forget", "--email", EMAIL)
        [file] = (tmp_path / "data").glob("*.audit")
        assert EMAIL not in file.read_text()
        assert len(max(file.read_text().split('"'), key=len)) < 60


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(tmp_path / "relay.db.audit", lambda: NOW_S)


def test_lines_are_only_ever_added(trail: Trail, tmp_path: Path) -> None:
    AUTHOR.set(Author("jane", "command line"))
    trail.record("pause", "first")
    before = (tmp_path / "relay.db.audit").read_bytes()
    trail.record("resume", "first")
    assert (tmp_path / "relay.db.audit").read_bytes().startswith(before)


def test_a_name_without_end_is_cut(trail: Trail) -> None:
    AUTHOR.set(Author("x" * 8_000, "command line"))
    trail.record("pause", "first")
    assert [act.actor for act in trail.acts()] == ["x" * MAX_ACTOR]


def test_conditions_without_end_push_no_other_act_out(trail: Trail) -> None:
    trail.record("drop", "x" * MAX_BYTES, "0 dropped")

    assert [(act.target, act.details) for act in trail.acts()] == [("x" * MAX_TARGET, "0 dropped")]


def test_a_line_that_a_crash_has_cut_off_is_left_out(trail: Trail, tmp_path: Path) -> None:
    trail.record("pause", "first")
    with (tmp_path / "relay.db.audit").open("ab") as file:
        file.write(b'{"at_ms":1,"act')
    assert [act.action for act in trail.acts()] == ["pause"]
    trail.record("resume", "first")
    assert [act.action for act in trail.acts()] == ["pause", "resume"]


@pytest.mark.parametrize(
    "spoilt", [b"\xffda", b'","at_ms":99999999999999999,"x":"'], ids=["actor", "time"]
)
def test_a_line_that_a_disk_has_spoilt_hides_no_other(
    trail: Trail, tmp_path: Path, spoilt: bytes
) -> None:
    """Whatever happens to one act, all others can be seen."""
    for actor in ("ada", "bob"):
        AUTHOR.set(Author(actor, "127.0.0.1"))
        trail.record("pause", "pinterest-main")
    path = tmp_path / "relay.db.audit"
    path.write_bytes(path.read_bytes().replace(b"ada", spoilt))

    assert [act.actor for act in trail.acts()] == ["bob"]


def test_of_many_who_add_at_once_when_it_is_full_nobody_loses_a_line(tmp_path: Path) -> None:
    """A process that found it full before another moved it away does not move the new one."""
    path = tmp_path / "relay.db.audit"
    path.write_bytes(b"\n" * (MAX_BYTES - 1))
    add = "import sys; from pathlib import Path; from relay.outcome.acting.audit import Trail; "
    add += "t = Trail(Path(sys.argv[1]), lambda: 0); [t.record('pause', 'x') for _ in range(100)]"
    adding = [subprocess.Popen([sys.executable, "-c", add, str(path)]) for _ in range(4)]
    assert [each.wait() for each in adding] == [0] * 4
    assert len(list(Trail(path, lambda: 0).acts())) == 400


def test_the_file_is_bounded_and_keeps_what_came_before(trail: Trail, tmp_path: Path) -> None:
    trail.record("pause", "first")
    os.truncate(tmp_path / "relay.db.audit", MAX_BYTES)
    trail.record("resume", "second")
    assert [act.target for act in trail.acts()] == ["first", "second"]
    assert (tmp_path / "relay.db.audit").stat().st_size < 1_000
    assert (tmp_path / "relay.db.audit.1").stat().st_size == MAX_BYTES


def test_a_disk_that_is_full_stops_no_act(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    Trail(tmp_path / "blocked" / "relay.db.audit", lambda: NOW_S).record("pause", "first")
    assert "an act was not written down" in caplog.text
