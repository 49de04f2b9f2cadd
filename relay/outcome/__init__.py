"""Records what became of the events, and reports it to people and programs."""
