"""Compares a shop's own lists (its orders, its browser pixel's events) with the journal.

It reads the shop's files and, through `relay.journal`, one snapshot of the journal, and changes
neither. Both sides go into a temporary database, so that a million lines need no more memory than a
hundred. Everything here blocks: it belongs to the command line, never into a running relay.
"""
