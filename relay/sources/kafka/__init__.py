"""Events from Kafka's topics.

`side` starts and stops it all, `source` connects, `session` reads, `message` takes a poll apart,
`batch` has it stored, `rejected` gives back what cannot be used; `watch` and `status` look on.
"""
