"""The configuration of `make run-kafka` is one that the relay takes, and fits its script."""

from pathlib import Path

from deploy.kafka import run
from relay.config import load

FILE = Path("deploy/kafka/relay.toml")


def test_the_configuration_is_valid_and_fits_the_script() -> None:
    """What is published to is read, and what the script points at is where the relay listens."""
    config = load(FILE, {})
    assert config.kafka is not None
    assert config.sources.kafka is not None
    assert config.sources.kafka.topics == (run.TOPIC,)
    assert config.kafka.bootstrap_servers == f"127.0.0.1:{run.PORT}"
    assert str(config.admin.listen) == f"127.0.0.1:{run.ADMIN_PORT}"
    assert str(config.server.listen) == f"127.0.0.1:{run.PRODUCERS_PORT}"
