"""Default values of types that msgspec does not know."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def preset(value: T) -> T:
    """Return a struct field whose default is `value`, an immutable object.

    msgspec writes plain defaults into the JSON Schema, where it refuses our own types. Defaults
    from a factory are left to `relay.config.describe.json_schema`.
    """
    return msgspec.field(default_factory=lambda: value)
