"""The journal: accepted events on durable storage, and what became of them."""
