"""The admin port, for people and monitoring. It reads the state; no event ever waits for it."""
