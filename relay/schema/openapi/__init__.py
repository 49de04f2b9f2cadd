"""The OpenAPI 3.1 documents of both ports, each built once; ports and files have the same bytes.

They are built from the structs that the handlers decode and encode, and from the constants that
bound them; only the prose is written here. Tests drive the running ports from these documents.
"""

from functools import cache

from relay.schema.document import encode
from relay.schema.openapi.admin.admin import admin
from relay.schema.openapi.producers import producers


@cache
def producers_document() -> bytes:
    """Return the document of the port for producers."""
    return encode(producers())


@cache
def admin_document() -> bytes:
    """Return the document of the port for people and monitoring."""
    return encode(admin())
