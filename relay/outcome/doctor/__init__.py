"""The doctor: what is wrong with the events that a shop sends, and what fixing it is worth."""
