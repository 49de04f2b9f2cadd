"""The journal's file: opening, locking, upgrading, checkpoints, copies and faults."""
