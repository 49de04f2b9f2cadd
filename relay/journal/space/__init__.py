"""Disk space: how much there is, what is deleted to make room, and retention."""
