"""The emulator of TikTok's Events API 2.0."""

from relay.sandbox.tiktok.emulator import TikTok

__all__ = ["TikTok"]
