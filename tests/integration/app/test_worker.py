"""A worker process that has nothing to do."""

import os
import random
import time
from pathlib import Path

from relay.app.parts import Parts
from relay.app.worker_pool import pool_of
from relay.config import parse
from relay.sources.port import listening
from relay.workers.connection_count import shared
from relay.workers.member import Member
from relay.workers.message import Alive, FromWorker
from tests.unit.workers.test_link_and_session import Main

CONFIG = """\
[server]
listen = "127.0.0.1:0"
[journal]
path = "{folder}/relay.db"
"""
SILENT_S = 20.0
"""Several times what a worker leaves between two signs of life."""


class StoppedOnceAlive(Member):
    def _received(self, message: FromWorker) -> None:
        super()._received(message)
        if isinstance(message, Alive):
            self.stop(1.0)


async def test_it_says_that_it_is_there_before_it_is_taken_to_hang(tmp_path: Path) -> None:
    config = parse(CONFIG.format(folder=tmp_path), {}, origin="test")
    main = Main()
    parts = Parts(config, os.environ, time.time, random.Random(1))
    plan = pool_of(parts, main.services, 1, b"{}")._plan
    sockets = await listening(plan.host, plan.port)
    try:
        with shared(1) as (_, counts):
            member = StoppedOnceAlive(main.services, lambda: None, SILENT_S)
            ended = await member.run(plan.command, plan.environ, plan.setup(0, sockets, counts))
    finally:
        for each in sockets:
            each.close()
    assert ended == 0
