"""The emulator of Pinterest's Conversions API."""

from relay.sandbox.pinterest.emulator import Pinterest

__all__ = ["Pinterest"]
