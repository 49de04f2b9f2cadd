"""Erases a person from the journal: from log, retries, dead letters and the file's unused bytes."""
