"""Outcome: what became of the events, recorded once and told in words."""
