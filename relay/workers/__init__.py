"""Several processes take events, one stores and sends them: `[server] workers` above 1.

A worker answers producers: it reads, decodes, checks and hashes, and makes the payloads. What there
may be only one of stays in the main process: the journal with its duplicate window and its sums,
the uses and rates of keys, the count of failing keys, senders, Kafka, the admin port. Each worker
hands it its requests over a socket that it was born with (`message`, `channel`, `link` at its end,
`clerk` at the other), and answers a producer when the main process says that the commit is on disk.

The main process opens the listening socket, and each worker accepts from it (`doorway`), so that
a worker's end costs only the requests that it had. `seats` counts the connections of all. `pool`
starts the workers, starts those again that end, and ends them; `member` is one of them. With one
worker nothing of this runs.
"""
