"""The configuration, read from `relay.toml` and the environment; the rest of the relay starts here.

`load` returns a checked, frozen `Config`. Nothing else reads the file or an environment variable.
"""

from relay.config.address import BaseUrl, Listen
from relay.config.check import check_start
from relay.config.country import Country
from relay.config.describe import describe, json_schema
from relay.config.destination import (
    DestinationConfig,
    PinterestConfig,
    TikTokConfig,
)
from relay.config.kafka import KafkaConfig, KafkaSourceConfig
from relay.config.load import load, parse
from relay.config.model import AdminConfig, Config
from relay.config.quantity import Duration, Size
from relay.config.sandbox import sandbox_config, sandboxed
from relay.config.secret import Secret, SecretRef, TextOrRef, read_secret
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
    "Listen",
    "PinterestConfig",
    "Secret",
    "SecretRef",
    "Size",
    "TextOrRef",
    "TikTokConfig",
    "Webhook",
    "check_start",
    "describe",
    "json_schema",
    "load",
    "parse",
    "read_secret",
    "sandbox_config",
    "sandboxed",
]
