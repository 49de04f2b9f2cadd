"""Turns what a shop knows about a person into what is kept: digests in each form a platform needs.

`user` makes an `Identity` from an inbound user; each kind of value has a module of its own.
"""

from relay.identity.identity import Identity, has_identifier

__all__ = ["Identity", "has_identifier"]
