"""Finds events by their ids, with all that became of them."""
