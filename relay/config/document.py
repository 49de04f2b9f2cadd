"""A `Config` as the document that it could have been read from, for another process to read."""

from typing import Any

import msgspec

from relay.config.model import Config, NotifyConfig


def document_of(config: Config) -> dict[str, Any]:
    """Return what `relay.config.build` makes `config` of again.

    It names the places of secrets and holds none: the address of a webhook, which may stand in the
    configuration itself, is left out.
    """
    bare = msgspec.structs.replace(config, notify=NotifyConfig())
    found: dict[str, Any] = _given(msgspec.to_builtins(bare, enc_hook=str))
    return found


def _given(value: Any) -> Any:
    """Return the value without keys that are not given."""
    if isinstance(value, dict):
        return {key: _given(each) for key, each in value.items() if each is not None}
    return list(value) if isinstance(value, tuple) else value
