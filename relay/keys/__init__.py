"""Producer keys: who may post events, how many, how fast, and to which destinations.

`token` makes and parses keys, `record` is what is stored of a key, `store` the file of all keys,
`keyring` the checks of a running relay. A secret is shown once and never stored.
"""
