"""`relay check --live`: one line on the cluster, right or wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.kafka.broker import PASSWORD, USER, Cluster
from tests.kafka.broker_side import fresh, make_topic

CONFIG = """\
[journal]
path = "{folder}/relay.db"
[kafka]
bootstrap_servers = "{address}"
security_protocol = "SASL_SSL"
sasl_plain_username = "{user}"
sasl_plain_password = "env:KAFKA_PASSWORD"
ssl_cafile = "{authority}"
[sources.kafka]
topics = ["{topic}"]
"""


@pytest.mark.parametrize(
    ("topic", "password", "code", "said"),
    [
        ("there", PASSWORD, 0, "kafka, cluster: ok."),
        ("there", "wrong", 1, "kafka, cluster: wrong. The broker refuses this user and password"),
        ("elsewhere", PASSWORD, 1, "kafka, cluster: wrong. The relay is let in, but sees no topic"),
    ],
)
async def test_it_says_what_the_relay_would_meet(
    kafka: Cluster, tmp_path: Path, *, topic: str, password: str, code: int, said: str
) -> None:
    name = fresh("checked")
    if topic == "there":
        await make_topic(kafka.address, name)
    file = tmp_path / "relay.toml"
    file.write_text(
        CONFIG.format(
            folder=tmp_path,
            address=kafka.secured_address,
            user=USER,
            authority=kafka.authority,
            topic=name,
        )
    )
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs on this loop
        [sys.executable, "-m", "relay", "check", "--live", "-c", file],
        env={**os.environ, "KAFKA_PASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    [line] = [each for each in done.stdout.splitlines() if each.startswith("kafka, ")]
    assert line.startswith(said)
    assert "Traceback" not in done.stderr
