"""Pinterest: one configured ad account.

This module exposes what `relay.destinations` expects; what the platform requires is in
`destination`.
"""

from relay.destinations.pinterest.destination import CONFIG, TYPE, Pinterest, build

__all__ = ["CONFIG", "TYPE", "Pinterest", "build"]
