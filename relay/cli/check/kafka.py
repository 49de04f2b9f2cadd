"""`relay check --live`: does the Kafka cluster admit the relay, and do its topics exist?"""

import logging
from collections.abc import Mapping
from typing import Final

from relay.config import Config, KafkaConfig
from relay.kafka import topic
from relay.kafka.client import Clients
from relay.kafka.fault import KNOWN, UNREACHABLE, Fault, fault_of
from relay.outcome.probe import Probe, Verdict

NAME: Final = "kafka"
CLUSTER: Final = "cluster"


async def probe_kafka(config: Config, kafka: KafkaConfig, environ: Mapping[str, str]) -> Probe:
    """Connect as the relay would, and look for its topics; nothing is read, created or written."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)  # this reports it, in one line
    clients = Clients(kafka, environ)
    try:
        await clients.probe()
        known = await topic.existing(clients)
    except KNOWN as error:
        fault = fault_of(error)
        verdict: Verdict = "unknown" if fault.key == UNREACHABLE else "wrong"
        return _probe(verdict, _sentence(fault))
    source = config.sources.kafka
    missing = [name for name in (source.topics if source else ()) if name not in known]
    if missing:
        text = f"The relay is let in, but sees no topic {', '.join(missing)}."
        return _probe("wrong", f"{text} Make it, or allow READ.")
    return _probe("ok", "The relay is let in, and sees the topics.")


def _sentence(fault: Fault) -> str:
    """Return the fault as a sentence; one that begins with the place of a secret stays as it is."""
    text = fault.reason
    if text.partition(" ")[0].isalpha():
        text = text[:1].upper() + text[1:]
    return f"{text}. Look at {fault.key}." if fault.key else f"{text}."


def _probe(verdict: Verdict, message: str) -> Probe:
    return Probe(NAME, CLUSTER, verdict, None, message)
