"""Counts and money, changed in the same transactions as the events that they count."""
