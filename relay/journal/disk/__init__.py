"""The file: opened, locked, upgraded, checkpointed, copied, and what can go wrong with it."""
