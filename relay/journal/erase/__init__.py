"""Erases a person from the journal: in the log, in what waits or is dead, in the file itself."""
