"""The composition root: the one package that names concrete parts, starts them and stops them.

`service` is the relay as a whole, `parts` what all share; `receiving`, `sending` and `showing` wire
one side each. `front` is the port for producers, in this process or, by `workers`, in others, whose
side of it is `worker`. `process` sets up any of them.
"""
