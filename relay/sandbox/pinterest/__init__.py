"""The emulator of Pinterest's Conversions API."""
