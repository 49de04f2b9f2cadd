"""The emulator of both platforms, for tests without an account anywhere."""
