"""The composition root: the only package that names concrete parts, starts them and stops them.

`service` is the relay as a whole, `parts` what all of it shares; `receiving`, `sending` and
`showing` wire one side each. `front` is the port for producers. With several processes,
`worker_pool` starts the workers that answer there, and `worker` runs in each of them. `process`
tunes any of the processes.
"""
