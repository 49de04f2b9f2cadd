"""Compares a shop's own lists with the journal: its orders, and its browser pixel's events.

Reads files of the shop and, through `relay.journal`, one moment of the journal; changes neither.
What is compared goes into a temporary database, so that a million lines need no more memory than a
hundred. All of it blocks: it belongs to the command line, never into a running relay.
"""
