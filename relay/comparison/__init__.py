"""The shop's own lists held against the journal: orders, and what the browser pixel sent.

Reads files of the shop and, through `relay.journal`, one moment of the journal; changes neither.
What is compared goes into a temporary database, so that a million lines need no more memory than a
hundred. All of it blocks: it belongs to the command line, never into a running relay.
"""
