"""Verifies a journal without a relay: its file, log, destinations and rows."""
