"""The configuration of `make run-kafka` is one that the relay takes, and fits its script."""

from pathlib import Path

from relay.config import load

FOLDER = Path("deploy/kafka")


def test_the_configuration_is_valid_and_names_what_the_script_publishes_to() -> None:
    config = load(FOLDER / "relay.toml", {})
    script = (FOLDER / "run.py").read_text()
    assert config.kafka is not None
    assert config.sources.kafka is not None
    assert f'TOPIC: Final = "{config.sources.kafka.topics[0]}"' in script
    assert f"PORT: Final = {config.kafka.bootstrap_servers.rpartition(':')[2]}" in script
    assert f'ADMIN: Final = "http://{config.admin.listen}"' in script
