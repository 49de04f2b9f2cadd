"""From what a shop knows of a person to what is kept: digests, in every form a platform needs.

`user` makes an `Identity` of what came in, with a module for each kind of value.
"""

from relay.identity.identity import Identity, has_identifier

__all__ = ["Identity", "has_identifier"]
