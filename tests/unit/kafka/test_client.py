"""Settings into clients: what is wrong with a secret or a file is a fault that names the key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from relay.config import KafkaConfig, SecretRef, TextOrRef
from relay.kafka.client import Clients
from relay.kafka.fault import Fault
from tests.given.port.certificate import CERTIFICATE, LOCKED_KEY, OTHER_KEY


def config(**settings: Any) -> KafkaConfig:
    return KafkaConfig(bootstrap_servers="localhost:9092", **settings)


def with_password(**settings: Any) -> KafkaConfig:
    return config(
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_plain_username=TextOrRef("env:KAFKA_USER"),
        sasl_plain_password=SecretRef("env:KAFKA_PASSWORD"),
        **settings,
    )


def fault_of(settings: KafkaConfig, environ: Mapping[str, str]) -> Fault:
    with pytest.raises(Fault) as caught:
        Clients(settings, environ)._common()
    return caught.value


def test_user_and_password_are_read_when_a_client_is_made() -> None:
    """So a changed file counts from the next connection on."""
    environ = {"KAFKA_USER": "relay", "KAFKA_PASSWORD": "one"}
    clients = Clients(with_password(), environ)
    assert clients._common()["sasl_plain_password"] == "one"
    environ["KAFKA_PASSWORD"] = "two"
    assert clients._common()["sasl_plain_password"] == "two"
    assert clients._common()["sasl_plain_username"] == "relay"


def test_without_sasl_no_secret_is_looked_for() -> None:
    settings = Clients(config(), {})._common()
    assert "sasl_plain_password" not in settings
    assert settings["ssl_context"] is None


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"KAFKA_USER": "relay"}, "kafka.sasl_plain_password"),
        ({"KAFKA_PASSWORD": "secret"}, "kafka.sasl_plain_username"),
    ],
)
def test_a_missing_secret_names_its_key(environ: Mapping[str, str], key: str) -> None:
    assert fault_of(with_password(), environ).key == key


def test_an_unusable_secret_names_its_key_and_not_itself(tmp_path: Path) -> None:
    good, folder = tmp_path / "good", f"file:{tmp_path}"
    good.write_text("relay")
    for user, password, key in (
        ("relay", folder, "kafka.sasl_plain_password"),
        (folder, f"file:{good}", "kafka.sasl_plain_username"),
    ):
        settings = config(
            security_protocol="SASL_PLAINTEXT",
            sasl_plain_username=TextOrRef(user),
            sasl_plain_password=SecretRef(password),
        )
        fault = fault_of(settings, {})
        assert fault.key == key
        assert "regular file" in fault.reason


def test_a_file_that_is_no_certificate_names_its_key(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    authority = fault_of(config(security_protocol="SSL", ssl_cafile=file), {})
    own = fault_of(config(security_protocol="SSL", ssl_certfile=file, ssl_keyfile=file), {})
    assert (authority.key, own.key) == ("kafka.ssl_cafile", "kafka.ssl_certfile")
    assert "it is no PEM" in authority.reason


@pytest.mark.parametrize(
    ("key", "reason", "named"),
    [
        (LOCKED_KEY, "needs a passphrase", "kafka.ssl_keyfile"),
        (OTHER_KEY, "they are no pair", "kafka.ssl_certfile"),
    ],
)
def test_a_key_that_does_not_open_the_certificate_is_told_and_nobody_is_asked(
    tmp_path: Path, key: str, reason: str, named: str
) -> None:
    """OpenSSL asks for a passphrase at the terminal, and the whole relay waits for it."""
    certificate, key_file = tmp_path / "relay.pem", tmp_path / "relay.key"
    certificate.write_text(CERTIFICATE)
    key_file.write_text(key)
    settings = config(security_protocol="SSL", ssl_certfile=certificate, ssl_keyfile=key_file)
    fault = fault_of(settings, {})
    assert reason in fault.reason
    assert fault.key == named


def test_without_an_authority_the_systems_own_are_trusted() -> None:
    assert Clients(config(security_protocol="SSL"), {})._common()["ssl_context"] is not None
