"""The admin API's view of events, dead letters, keys and sources."""
