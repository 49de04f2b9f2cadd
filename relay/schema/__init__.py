"""The contracts of the relay as files, generated from the code that holds to them.

Nothing here is read while events flow; the ports only serve their own OpenAPI document.
"""
