"""Every key that can be set, as tests hold schemas, example and overrides against it."""

import msgspec
from msgspec import NODEFAULT

from relay.config.environment import variable
from relay.config.shape import Leaf, leaves, shape, toml


class KnownKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key that can be set."""

    path: str
    """Dotted; a name that the user chooses is `NAME`."""
    kind: str
    """The `type` of the destination that has the key, or empty."""
    required: bool
    default: str | None
    """As TOML, or None if there is none."""
    example: str
    """A value as TOML."""
    description: str
    variable: str
    """Its environment override."""


def known_keys() -> list[KnownKey]:
    """Return everything that can be set, in the order of the structs."""
    return [_known_key(path, kind, leaf) for path, kind, leaf in leaves(shape())]


def _known_key(path: tuple[str, ...], kind: str, leaf: Leaf) -> KnownKey:
    return KnownKey(
        path=".".join(path),
        kind=kind,
        required=leaf.required,
        default=None if leaf.default in (None, NODEFAULT) else toml(leaf.default),
        example=leaf.example,
        description=leaf.description,
        variable=variable(path),
    )
