"""What can be set, read from `relay.toml` and the environment; the rest of the relay starts here.

`load` gives a checked, frozen `Config`. Nothing else reads the file or an environment variable.
"""

from relay.config.address import BaseUrl, Listen, is_loopback
from relay.config.check import check_start, secrets
from relay.config.country import Country
from relay.config.describe import KnownKey, describe, json_schema, known_keys
from relay.config.destination import (
    DestinationConfig,
    PinterestConfig,
    StandardName,
    TikTokConfig,
)
from relay.config.kafka import KafkaConfig, KafkaSourceConfig
from relay.config.load import load, parse
from relay.config.model import AdminConfig, Config
from relay.config.quantity import Duration, Size
from relay.config.sandbox import sandbox_config, sandboxed
from relay.config.secret import Secret, SecretRef, SecretSource, TextOrRef, read_secret
from relay.config.webhook import Webhook

__all__ = [
    "AdminConfig",
    "BaseUrl",
    "Config",
    "Country",
    "DestinationConfig",
    "Duration",
    "KafkaConfig",
    "KafkaSourceConfig",
    "KnownKey",
    "Listen",
    "PinterestConfig",
    "Secret",
    "SecretRef",
    "SecretSource",
    "Size",
    "StandardName",
    "TextOrRef",
    "TikTokConfig",
    "Webhook",
    "check_start",
    "describe",
    "is_loopback",
    "json_schema",
    "known_keys",
    "load",
    "parse",
    "read_secret",
    "sandbox_config",
    "sandboxed",
    "secrets",
]
