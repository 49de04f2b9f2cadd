"""Producer keys: who may post events, how many, how fast, and to which destinations.

`token` makes and reads the texts, `record` is what is stored of them, `store` the file they live
in, `keyring` the checks of a running relay. A secret is shown once and never kept.
"""
