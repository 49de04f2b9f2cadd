"""Several processes take events, one stores and sends them: `[server] workers` above 1.

A worker answers producers: it reads, decodes, checks and hashes, and makes the payloads. What must
exist only once stays in the main process: the journal with its duplicate window and its sums, the
uses and rates of keys, the count of failing keys, senders, Kafka, the admin port. Each worker hands
its requests to the main process over a socket that it inherits (`message`, `channel`; `link` is
the worker's end, `session` the main process's), and answers a producer when the main process says
that the commit is on disk.

The main process opens the listening socket and each worker accepts from it (`acceptor`), so a
worker that ends costs only the requests that it had in hand. `connection_count` shares the number
of open connections between them. `pool` starts, restarts and ends the workers; `member` is one of
them. With one worker nothing of this runs.
"""
