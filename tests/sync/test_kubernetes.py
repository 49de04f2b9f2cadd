"""`deploy/k8s/relay.yaml`: it fits the image, its settings are valid, its probes exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay.config import Config, parse
from relay.config.quantity import Size
from tests.sync import image

FILE = image.DEPLOY / "k8s" / "relay.yaml"
OBJECTS = {
    each["kind"] + " " + each["metadata"]["name"]: each
    for each in yaml.safe_load_all(FILE.read_text())
}
POD = OBJECTS["StatefulSet relay"]["spec"]["template"]["spec"]
[RELAY] = POD["containers"]
SECRETS = Path("/run/secrets/relay")
MARGIN = 1.2
"""How much larger the disk is than the journal may get: nothing is at its limit at once."""


def settings() -> Config:
    """Return what the relay makes of the ConfigMap in the image."""
    text = OBJECTS["ConfigMap relay"]["data"]["relay.toml"]
    return parse(text, image.environment(), origin=str(FILE))


def mounted() -> dict[str, str]:
    """Return the volume at each path."""
    return {each["mountPath"]: each["name"] for each in RELAY["volumeMounts"]}


def probes() -> list[dict[str, Any]]:
    return [RELAY[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]


def test_it_runs_as_the_user_of_the_image_and_is_confined() -> None:
    uid, gid = image.user()
    pod, container = POD["securityContext"], RELAY["securityContext"]

    assert (pod["runAsUser"], pod["runAsGroup"], pod["fsGroup"]) == (uid, gid, gid)
    assert pod["runAsNonRoot"] is True
    assert container["readOnlyRootFilesystem"] is True
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}


def test_it_leaves_the_relay_the_time_to_drain() -> None:
    assert POD["terminationGracePeriodSeconds"] > settings().server.drain


def test_a_journal_has_one_relay() -> None:
    spec = OBJECTS["StatefulSet relay"]["spec"]

    assert spec["replicas"] == 1
    assert spec["volumeClaimTemplates"][0]["spec"]["accessModes"] == ["ReadWriteOncePod"]


def test_the_disk_has_room_for_the_largest_journal() -> None:
    [claim] = OBJECTS["StatefulSet relay"]["spec"]["volumeClaimTemplates"]
    size = Size(claim["spec"]["resources"]["requests"]["storage"] + "B")

    assert size >= MARGIN * settings().journal.max_size


def test_journal_settings_and_secrets_lie_where_the_relay_looks() -> None:
    [volume] = image.instructions("VOLUME")
    config = Path(image.environment()["RELAY_CONFIG"])

    assert mounted()[volume] == "journal"
    assert mounted()[str(config.parent)] == "config"
    assert mounted()[str(SECRETS)] == "secrets"
    assert config.name in OBJECTS["ConfigMap relay"]["data"]


def test_each_secret_in_the_settings_is_one_that_the_comment_has_made() -> None:
    made = set(re.findall(r"--from-file=([a-z.-]+)", FILE.read_text()))
    text = OBJECTS["ConfigMap relay"]["data"]["relay.toml"]

    assert set(re.findall(rf'{SECRETS}/([a-z.-]+)"', text)) == made
    assert settings().keys_path.parent == SECRETS


@pytest.mark.parametrize("probe", probes(), ids=["startup", "liveness", "readiness"])
def test_each_probe_is_answered_by_the_admin_port(probe: dict[str, Any]) -> None:
    paths = json.loads((image.DEPLOY.parent / "schemas" / "openapi.admin.json").read_text())[
        "paths"
    ]

    assert probe["path"] in paths
    assert probe["port"] == "admin"
    assert probe["httpHeaders"] == [{"name": "Host", "value": "localhost"}]


def test_ports_and_services_are_those_of_the_image() -> None:
    ports = {each["name"]: each["containerPort"] for each in RELAY["ports"]}
    services = [OBJECTS["Service relay"], OBJECTS["Service relay-admin"]]

    assert tuple(ports.values()) == image.ports()
    assert [each["spec"]["ports"][0]["port"] for each in services] == list(image.ports())
    assert "relay-admin:8081" in settings().admin.hosts
