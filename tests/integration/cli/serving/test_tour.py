"""What `relay serve --example` does if nobody reads its output."""

import asyncio
import os
from contextlib import redirect_stderr, suppress

from relay.cli.serving.tour import Tour
from relay.config import sandbox_config


async def test_a_tour_that_fails_where_nobody_reads_standard_error_ends_alone() -> None:
    """As with `relay serve --example 2>&1 | head -1`."""
    tour = Tour(sandbox_config({}), {})
    tour.begin("http://127.0.0.1:9/v1/events", "127.0.0.1:9")
    reader, writer = os.pipe()
    os.close(reader)
    unread = os.fdopen(writer, "w")
    with redirect_stderr(unread):
        await tour.run(asyncio.Event())
    with suppress(BrokenPipeError):  # its buffer still holds what was told
        unread.close()
