"""The OpenAPI 3.1 documents of both ports, each made once and served as the bytes that are filed.

They are put together from the structs that the handlers decode and encode, and from the constants
that bound them; only the prose stands here. Tests drive the running ports from these documents.
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
