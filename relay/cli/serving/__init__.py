"""Commands that stay: the service, the emulator, and what starts and ends them in order."""
