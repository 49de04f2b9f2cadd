"""`relay keys` and its parts: a key's options, changes to the key file, the list as a table."""
