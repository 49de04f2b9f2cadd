"""Emulates both platforms: as strict as their documents, and as faulty as a test wants.

It replaces Pinterest and TikTok in trials and tests, also those of a shop, and needs no account. It
shares nothing with the rest of the relay but errors and the way to run a server: it is a second
reading of the platforms' public documents, against which the first one is checked.
"""

from relay.sandbox.server import Sandbox

__all__ = ["Sandbox"]
