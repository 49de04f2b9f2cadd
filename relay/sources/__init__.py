"""Sources: they bring bytes in, and acknowledge only what the journal has on disk."""
