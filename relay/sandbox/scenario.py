"""The scenarios that come with the emulator: named fault scripts, each in a JSON file."""

from importlib.resources import files
from typing import Final

from relay.errors import ConfigError
from relay.sandbox.scripts import ScriptFile, parse

SCENARIOS: Final = ("ok", "throttled", "outage", "bad-token", "poison", "slow", "flaky")


def scenario(name: str) -> ScriptFile:
    """Return the script of a scenario. Raises `ConfigError` if there is none of that name."""
    if name not in SCENARIOS:
        raise ConfigError(f"scenario: unknown name; use one of {', '.join(SCENARIOS)}")
    return parse(files("relay.sandbox").joinpath("scenarios", f"{name}.json").read_bytes())
