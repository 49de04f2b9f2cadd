"""One event again: by its ids, with all that became of it."""
