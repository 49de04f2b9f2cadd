"""Pinterest: one configured ad account.

What a folder of `relay.destinations` exposes is here; what the platform asks, in `destination`.
"""

from relay.destinations.pinterest.destination import CONFIG, TYPE, Pinterest, build

__all__ = ["CONFIG", "TYPE", "Pinterest", "build"]
