"""Commands that keep running (the service, the emulator), and their orderly start and stop."""
