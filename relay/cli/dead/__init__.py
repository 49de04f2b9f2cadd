"""`relay dead` and its parts: dead letters, actions on them, and their selection."""
