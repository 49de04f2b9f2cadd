"""The composition root: the one package that names concrete parts, starts them and stops them.

`service` is the relay as a whole, `parts` what all share; `receiving`, `sending` and `showing` wire
one side each. `front` is the port for producers. With several processes, `worker_pool` starts the
workers that answer it, and `worker` is what runs in each. `process` tunes any of them.
"""
