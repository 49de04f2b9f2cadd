"""The emulator of both platforms: as strict as their documents, and as troublesome as asked.

It stands in for Pinterest and TikTok in trials and tests, a shop's own included, with no account
anywhere. It knows nothing of the rest of the relay but its errors: it is a second reading of the
platforms' public documents, by which the first one is checked.
"""

from relay.sandbox.server import Sandbox

__all__ = ["Sandbox"]
