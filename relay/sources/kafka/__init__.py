"""Events from Kafka's topics.

`side` starts and stops everything, `source` connects, `session` reads, `message` splits a poll into
events, `batch` stores them, and `rejected` returns unusable messages. `watch` monitors the cluster,
and `status` reports the state.
"""
