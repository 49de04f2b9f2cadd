"""TikTok: one configured set of event sources that share a token.

What a folder of `relay.destinations` exposes is here; what the platform asks, in `destination`.
"""

from relay.destinations.tiktok.destination import CONFIG, TYPE, TikTok, build

__all__ = ["CONFIG", "TYPE", "TikTok", "build"]
