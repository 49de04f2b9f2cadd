"""The relay's contracts as files, generated from the code that keeps them.

Nothing here is used while events flow; the ports only serve their own OpenAPI documents.
"""
