"""`relay keys` and its parts: options of a key, changes of the key file, the list as a table."""
