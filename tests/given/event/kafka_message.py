"""A record as a consumer hands it out."""

import msgspec


class Record(msgspec.Struct):
    """One message of a topic."""

    value: bytes | None
    key: bytes | None = None
    topic: str = "conversions"
    partition: int = 0
    offset: int = 0
