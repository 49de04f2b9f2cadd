"""Several processes receive events, and one stores and sends them: `[server] workers` above 1.

A worker answers producers: it reads, decodes, checks and hashes, and makes the payloads. Everything
that may exist only once stays in the main process: the journal with its duplicate window and its
sums, the uses and rates of keys, the count of failing keys, senders, Kafka, the admin port. Each
worker passes its requests to the main process over an inherited socket (`message`, `channel`;
`link` is the worker's end, `session` the main process's), and answers a producer once the main
process reports that the commit is on disk.

The main process opens the listening socket and each worker accepts from it (`acceptor`), so if a
worker ends, only the requests that it was handling are lost. `connection_count` shares the number
of open connections between them. `pool` starts, restarts and ends the workers; `member` is one of
them. With one worker, none of this runs.
"""
