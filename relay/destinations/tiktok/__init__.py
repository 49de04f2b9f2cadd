"""TikTok: one configured set of event sources that share a token.

This module exposes what `relay.destinations` expects; what the platform requires is in
`destination`.
"""

from relay.destinations.tiktok.destination import CONFIG, TYPE, TikTok, build

__all__ = ["CONFIG", "TYPE", "TikTok", "build"]
