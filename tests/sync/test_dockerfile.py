"""`deploy/Dockerfile`: it builds from what there is, and starts what the relay understands."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import click
import pytest

from relay.cli import cli
from relay.cli.serving.signals import STOP_SIGNALS
from relay.config import load
from tests.sync import image

ROOT = image.DEPLOY.parent


def sources() -> list[str]:
    """Return what the first stage takes from the repository."""
    return [source for line in image.instructions("COPY", stage=0) for source in line.split()[:-1]]


@pytest.mark.parametrize("source", sources())
def test_what_it_copies_is_there_and_not_ignored(source: str) -> None:
    ignored = image.DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().split()
    kept = [pattern.removeprefix("!") for pattern in ignored if pattern.startswith("!")]

    assert (ROOT / source).exists()
    assert ignored[0] == "*"
    assert any(fnmatch(source, pattern) for pattern in kept)


def test_both_stages_have_the_python_that_the_tests_run_with_or_an_older_one() -> None:
    bases = {image.instructions("FROM", stage=stage)[0].split()[0] for stage in (0, 1)}

    [base] = bases
    version = base.removeprefix("python:").partition("-")[0]
    assert (3, 11) <= tuple(map(int, version.split("."))) <= sys.version_info[:2]


def test_it_starts_a_command_of_the_relay() -> None:
    program, name, *arguments = image.command()
    with click.Context(cli) as context:
        found = cli.get_command(context, name)
        assert found is not None
        _, left, _ = found.make_parser(context).parse_args(arguments)

    assert program == "relay"
    assert left == []


def test_a_stop_is_heard_from_the_first_moment() -> None:
    """Of the signals to stop, the first process of a container ignores what it has no handler for.

    Python itself has one for this signal.
    """
    [name] = image.instructions("STOPSIGNAL")

    assert signal.SIGINT in STOP_SIGNALS
    assert name == signal.SIGINT.name


def test_its_variables_are_settings_and_the_journal_lies_on_the_volume() -> None:
    password = {"RELAY_ADMIN__PASSWORD": "env:ADMIN_PASSWORD"}  # has no place in an image
    config = load(image.DEPLOY / "relay.example.toml", {**image.environment(), **password})

    assert [str(config.journal.path.parent)] == image.instructions("VOLUME")
    assert (config.server.listen.port, config.admin.listen.port) == image.ports()
    assert not config.server.listen.loopback
    assert not config.admin.listen.loopback


def test_the_volume_is_the_users_own_and_nobody_elses() -> None:
    uid, gid = image.user()
    [volume] = image.instructions("VOLUME")

    assert uid != 0
    assert f"install -d -m 700 -o {uid} -g {gid} {volume}" in image.instructions("RUN")


def test_what_it_takes_to_run_it_by_hand_names_the_user_and_the_key() -> None:
    uid, _ = image.user()
    head = image.DOCKERFILE.read_text().partition("FROM ")[0]

    assert f"user {uid}" in head
    assert "`keys create NAME`" in head


def test_its_health_is_asked_of_a_probe_of_the_admin_port() -> None:
    [check] = image.instructions("HEALTHCHECK")
    paths = json.loads((ROOT / "schemas" / "openapi.admin.json").read_text())["paths"]

    assert "/readyz" in paths
    assert "'/readyz'" in check
    assert f"'127.0.0.1:{image.ports()[1]}'" in check


@pytest.mark.parametrize(("status", "ended"), [(200, 0), (503, 1)])
def test_its_health_is_what_the_probe_says_whatever_proxy_there_is(status: int, ended: int) -> None:
    """Docker gives a container the proxy of the machine, which knows no relay."""
    [check] = image.instructions("HEALTHCHECK")
    _, *command = json.loads(check.partition("CMD ")[2])
    with answering(status) as port:
        command[-1] = command[-1].replace(f":{image.ports()[1]}'", f":{port}'")
        environ = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
        done = subprocess.run(
            [sys.executable, *command], env=environ, capture_output=True, check=False, timeout=20
        )

    assert (done.returncode, done.stdout) == (ended, b"/readyz\n")


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Answer any GET with a status, and with its path as the body; yields the port."""

    class Probe(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(self.path.encode())

    with HTTPServer(("127.0.0.1", 0), Probe) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


def test_the_settings_are_where_each_deployment_puts_them() -> None:
    path = Path(image.environment()["RELAY_CONFIG"])

    assert path == Path("/etc/relay/relay.toml")
