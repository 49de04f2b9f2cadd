"""`deploy/systemd/relay.service`: what it starts exists, its times fit, systemd understands it."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from relay.cli import cli
from relay.config import Config, load

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = DEPLOY / "systemd" / "relay.service"
MOST_EXPOSURE = 20
"""Tenths of the score of `systemd-analyze security`; below 2.0 counts as well confined."""


def settings(section: str = "Service") -> dict[str, list[str]]:
    """Return the values of each key in a section of the unit."""
    text = UNIT.read_text().partition(f"[{section}]\n")[2].partition("\n[")[0]
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def only(key: str) -> str:
    """Return the one value of a key of the service."""
    [value] = settings()[key]
    return value


def seconds(key: str) -> float:
    """Return a value that is a plain number of seconds."""
    return float(only(key))


def test_what_it_starts_is_a_command_with_these_options() -> None:
    program, name, *arguments = only("ExecStart").split()
    with click.Context(cli) as context:
        command = cli.get_command(context, name)
        assert command is not None
        _, left, _ = command.make_parser(context).parse_args(arguments)

    assert program.endswith("/relay")
    assert left == []


def test_it_is_told_when_the_relay_is_ready_and_that_it_lives() -> None:
    assert only("Type") == "notify"
    assert seconds("WatchdogSec") > 0


def test_it_leaves_the_relay_the_time_to_drain() -> None:
    assert seconds("TimeoutStopSec") > Config().server.drain
    assert only("KillSignal") == "SIGTERM"


def test_the_journal_lies_where_the_service_may_write() -> None:
    name, _, path = only("Environment").partition("=")
    config = load(DEPLOY / "relay.example.toml", {name: path})

    assert config.journal.path.parent == Path("/var/lib") / only("StateDirectory")


def test_commands_beside_it_are_told_where_its_settings_and_its_journal_are() -> None:
    """Else a key is made, or a journal looked for, in the folder where somebody stands."""
    told = dict(
        re.findall(r"^#   export .*?(RELAY_[A-Z_]+)=(\S+)$", UNIT.read_text(), re.MULTILINE)
    )
    journal, _, path = only("Environment").partition("=")

    assert told == {"RELAY_CONFIG": only("ExecStart").split()[-1], journal: path}


def test_each_credential_that_it_mentions_is_named_as_the_comment_says() -> None:
    offered = re.findall(
        r"#LoadCredential=([a-z-]+):/etc/relay/secrets/([a-z-]+)", UNIT.read_text()
    )

    assert offered
    assert all(name == file for name, file in offered)


@pytest.mark.parametrize(
    "key",
    ["NoNewPrivileges", "DynamicUser", "ProtectHome", "PrivateTmp", "RestrictNamespaces"],
)
def test_it_is_confined(key: str) -> None:
    assert only(key) == "yes"
    assert only("ProtectSystem") == "strict"
    assert only("CapabilityBoundingSet") == ""


@pytest.fixture
def analysed(tmp_path: Path) -> Path:
    """Return the unit as `systemd-analyze` takes it on a machine where nothing is installed."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NOT CHECKED: systemd-analyze is not on this machine")
    unit = tmp_path / "relay.service"
    unit.write_text(UNIT.read_text().replace("/opt/relay/bin/relay", "/bin/true"))
    return unit


def analyse(*arguments: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stderr


def test_systemd_understands_every_line(analysed: Path) -> None:
    assert analyse("verify", "--man=no", str(analysed)) == ""


def test_systemd_finds_it_well_confined(analysed: Path) -> None:
    analyse("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(analysed))
