"""Verifies a journal from outside: its file, its log, its destinations, its rows."""
