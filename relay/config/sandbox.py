"""The configuration of `relay serve --sandbox`: the built-in emulator replaces the platforms.

It can reach neither a platform nor a real journal, whatever the file says.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from relay.config.address import BaseUrl
from relay.config.destination import DestinationConfig
from relay.config.kafka import KafkaSourceConfig
from relay.config.load import parse
from relay.config.model import Config, NotifyConfig

SUFFIX: Final = ".sandbox"

DEFAULT: Final = """\
[intake]
default_country = "US"
[destinations.pinterest-sandbox]
type = "pinterest"
ad_account_id = "549755885175"
[destinations.tiktok-sandbox]
type = "tiktok"
pixel_code = "C4K6A3Q2NE1S77JXXXXX"
app_id = "7000000000000000001"
offline_event_set_id = "7000000000000000002"
crm_event_set_id = "7000000000000000003"
"""
"""The sandbox's configuration if there is no `relay.toml`; its destinations if that names none."""


def sandbox_config(environ: Mapping[str, str]) -> Config:
    """Return the configuration for a sandbox without a file, overridden by `environ`."""
    return parse(DEFAULT, environ, origin="the sandbox's own configuration")


def sandboxed(config: Config, emulator: BaseUrl) -> Config:
    """Return `config` with every destination at the emulator, and with the sandbox's own journal.

    There is no webhook, so nobody is notified during a trial. Topics are read with the sandbox's
    own consumer group, so that nothing is taken from the real relay.

    The tokens' places stay; the caller gives the emulator's tokens to the destinations.
    """
    replace = msgspec.structs.replace
    return replace(
        config,
        journal=replace(config.journal, path=sandbox_path(config.journal.path)),
        notify=NotifyConfig(),
        sources=replace(config.sources, kafka=_beside(config.sources.kafka)),
        destinations={
            name: replace(destination, base_url=emulator)
            for name, destination in destinations_of(config).items()
        },
    )


def destinations_of(config: Config) -> Mapping[str, DestinationConfig]:
    """Return a sandbox's destinations: those of `config` or, if it names none, the sandbox's own.

    A file that only sets ports would show nothing of either platform.
    """
    return config.destinations or sandbox_config({}).destinations


def sandbox_path(journal: Path) -> Path:
    """Return the path of the sandbox's journal, given the relay's."""
    return journal.with_name(journal.name + SUFFIX)


def _beside(kafka: KafkaSourceConfig | None) -> KafkaSourceConfig | None:
    group_id = kafka and kafka.group_id + SUFFIX
    return kafka and msgspec.structs.replace(kafka, group_id=group_id)
