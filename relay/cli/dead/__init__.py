"""`relay dead` and its parts: looking at dead letters, acting on them, choosing which."""
