"""Errors in words: each names what to look at, and never a secret."""

import ssl

import pytest
from aiokafka import errors

from relay.kafka.fault import KNOWN, Fault, fault_of


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (errors.SaslAuthenticationFailed("canary"), "kafka.sasl_plain_password"),
        (errors.UnsupportedSaslMechanismError("canary"), "kafka.sasl_mechanism"),
        (errors.GroupAuthorizationFailedError("canary"), "sources.kafka.group_id"),
        (errors.InconsistentGroupProtocolError("canary"), "sources.kafka.group_id"),
        (errors.InvalidSessionTimeoutError("canary"), "kafka.session_timeout_ms"),
        (errors.KafkaConnectionError("canary"), "kafka.bootstrap_servers"),
        (ConnectionRefusedError("canary"), "kafka.bootstrap_servers"),
        (TimeoutError("canary"), "kafka.bootstrap_servers"),
        (ssl.SSLError("canary"), "kafka.security_protocol"),
        (errors.MessageSizeTooLargeError("canary"), ""),
        (errors.UnknownError("canary"), ""),
    ],
)
def test_an_error_names_the_key_and_tells_no_text_of_others(error: Exception, key: str) -> None:
    assert isinstance(error, KNOWN)
    fault = fault_of(error)
    assert fault.key == key
    assert "canary" not in fault.reason


def test_an_untrusted_certificate_names_the_authority() -> None:
    error = ssl.SSLCertVerificationError("text of the library")
    error.verify_message = "self-signed certificate"
    assert fault_of(error).key == "kafka.ssl_cafile"
    assert "self-signed certificate" in fault_of(error).reason


def test_what_the_library_cannot_name_is_in_the_brokers_log() -> None:
    invalid_record = 87
    fault = fault_of(errors.for_code(invalid_record)("canary"), doing="writing")
    assert fault.reason == "the broker refuses it for a reason that only its own log tells"


@pytest.mark.parametrize(
    ("doing", "reason"),
    [
        ("reading", "reading fails (INVALID_PRODUCER_EPOCH)"),
        ("", "the cluster refuses a request (INVALID_PRODUCER_EPOCH)"),
    ],
)
def test_an_error_without_words_of_ours_has_the_brokers_name(doing: str, reason: str) -> None:
    assert fault_of(errors.InvalidProducerEpoch("canary"), doing=doing) == Fault(reason)


@pytest.mark.parametrize("error", [errors.KafkaConnectionError(), errors.NodeNotReadyError()])
def test_who_is_sent_on_to_nobody_is_not_told_that_nobody_is_there(error: Exception) -> None:
    """The configured broker answers: it gives out an address that is none outside its network."""
    assert "advertised.listeners" in fault_of(error).reason


def test_a_topic_that_may_not_be_used_is_named_if_the_library_does() -> None:
    for error, what in (
        (errors.TopicAuthorizationFailedError("conversions"), "the topic conversions"),
        (errors.TopicAuthorizationFailedError(), "a topic"),
    ):
        assert f"the user may not use {what};" in fault_of(error).reason


def test_a_fault_stays_what_it_is() -> None:
    """So that the same trouble is told once."""
    fault = Fault("the topic is missing", "sources.kafka.topics")
    assert fault_of(fault) is fault
    assert fault == Fault("the topic is missing", "sources.kafka.topics")
    assert fault != Fault("the topic is missing")
