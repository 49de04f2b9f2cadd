"""`relay check --live`: what is said of a cluster that nobody even asks."""

import pytest

from relay.cli.check.kafka import probe_kafka
from relay.config import parse

LOGIN = """
security_protocol = "SASL_PLAINTEXT"
sasl_plain_username = "relay"
sasl_plain_password = "env:KAFKA_PASSWORD"
"""
AUTHORITY = """
security_protocol = "SSL"
ssl_cafile = "nowhere.pem"
"""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (LOGIN, "env:KAFKA_PASSWORD is missing or empty. Look at kafka.sasl_plain_password."),
        (
            AUTHORITY,
            (
                "nowhere.pem cannot be read as certificates (no such file or directory). "
                "Look at kafka.ssl_cafile."
            ),
        ),
    ],
)
async def test_a_file_or_variable_is_named_as_the_configuration_names_it(
    settings: str, message: str
) -> None:
    text = f'[kafka]\nbootstrap_servers = "localhost:9092"\n{settings}'
    config = parse(text, {}, origin="relay.toml")
    assert config.kafka is not None

    probe = await probe_kafka(config, config.kafka, {})

    assert (probe.verdict, probe.message) == ("wrong", message)
