"""The journal's file: opened, locked, upgraded, checkpointed, copied; and its faults."""
