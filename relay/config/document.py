"""Turns a `Config` back into a document from which another process can build it again."""

from typing import Any

import msgspec

from relay.config.model import Config, NotifyConfig


def document_of(config: Config) -> dict[str, Any]:
    """Return a document from which `relay.config.build` makes `config` again.

    It names the places of secrets, but contains none: a webhook's address, which may be in the
    configuration itself, is left out.
    """
    bare = msgspec.structs.replace(config, notify=NotifyConfig())
    found: dict[str, Any] = _given(msgspec.to_builtins(bare, enc_hook=str))
    return found


def _given(value: Any) -> Any:
    """Return the value without keys that are None."""
    if isinstance(value, dict):
        return {key: _given(each) for key, each in value.items() if each is not None}
    return list(value) if isinstance(value, tuple) else value
