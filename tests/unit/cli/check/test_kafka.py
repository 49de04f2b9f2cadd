"""`relay check --live`: what is said of a cluster that is never reached."""

from relay.cli.check.kafka import probe_kafka
from relay.config import parse

SASL = """
[kafka]
bootstrap_servers = "localhost:9092"
security_protocol = "SASL_PLAINTEXT"
sasl_plain_username = "relay"
sasl_plain_password = "env:KAFKA_PASSWORD"
"""


async def test_a_secret_that_is_missing_is_named_as_the_configuration_names_it() -> None:
    config = parse(SASL, {}, origin="relay.toml")
    assert config.kafka is not None

    probe = await probe_kafka(config, config.kafka, {})

    assert probe.verdict == "wrong"
    assert probe.message == (
        "env:KAFKA_PASSWORD is missing or empty. Look at kafka.sasl_plain_password."
    )
