"""Asks the platforms, on demand, whether they accept a destination; sends no real event."""
