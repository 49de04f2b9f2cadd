"""Requests to the platforms on demand: is a destination let in? No real event is touched."""
