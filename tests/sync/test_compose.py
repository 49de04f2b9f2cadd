"""`deploy/compose.yaml`: it fits the image, and what it names is there or is said to be made."""

import re

import pytest
import yaml

from relay.config import Config, load
from relay.config.quantity import Duration
from tests.sync import image

FILE = image.DEPLOY / "compose.yaml"
WHOLE = yaml.safe_load(FILE.read_text())
RELAY = WHOLE["services"]["relay"]


def test_it_builds_the_image_from_the_top_of_the_repository() -> None:
    context = (FILE.parent / RELAY["build"]["context"]).resolve()

    assert context / RELAY["build"]["dockerfile"] == image.DOCKERFILE


def test_it_leaves_the_relay_the_time_to_drain() -> None:
    assert Duration(RELAY["stop_grace_period"]) > Config().server.drain


def test_it_offers_the_ports_of_the_image_to_this_machine_alone() -> None:
    """Both are plain HTTP, and what Docker publishes to the network passes by the firewall."""
    assert RELAY["ports"] == [f"127.0.0.1:{port}:{port}" for port in image.ports()]


def test_the_journal_outlives_the_container_and_the_settings_are_found() -> None:
    [volume] = image.instructions("VOLUME")
    config = image.environment()["RELAY_CONFIG"]

    assert RELAY["volumes"] == [f"journal:{volume}", f"./relay.toml:{config}:ro"]
    assert "journal" in WHOLE["volumes"]


def test_its_variables_are_settings() -> None:
    config = load(image.DEPLOY / "relay.example.toml", RELAY["environment"])

    assert str(config.admin.password) == RELAY["environment"]["RELAY_ADMIN__PASSWORD"]


@pytest.mark.parametrize("name", RELAY["secrets"])
def test_each_secret_is_a_file_that_the_comment_has_made(name: str) -> None:
    [made] = re.findall(r"one file each: ([a-z, -]+)", FILE.read_text())

    assert WHOLE["secrets"][name] == {"file": f"secrets/{name}"}
    assert name in made.split(", ")


def test_it_is_confined() -> None:
    assert RELAY["read_only"] is True
    assert RELAY["cap_drop"] == ["ALL"]
    assert RELAY["security_opt"] == ["no-new-privileges:true"]


def test_its_secrets_are_its_users_before_it_first_runs() -> None:
    uid, _ = image.user()
    steps = FILE.read_text().partition("services:")[0]

    assert f"chown {uid} secrets/*" in steps.partition("docker compose run")[0]


def test_what_its_steps_make_beside_it_is_never_committed() -> None:
    """Tokens and a password: whoever runs it from a clone may add all that is new."""
    ignored = (FILE.parents[1] / ".gitignore").read_text().splitlines()

    assert {"/deploy/relay.toml", "/deploy/secrets/"} <= set(ignored)


def test_it_asks_for_no_more_open_files_than_an_engine_may_have() -> None:
    """Or the container does not start; the relay itself raises its limit as far as it needs."""
    assert "ulimits" not in RELAY
