"""An admin port that serves from a thread of its own, so that a test can drive a browser at it."""

import re
from pathlib import Path
from typing import Self
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.given.port.admin import AdminPort
from tests.ui.background import Background
from tests.ui.state import State


class Served(Background):
    """Serves while the context is open; what a state is filled with is there from the start."""

    def __init__(self, folder: Path, state: State) -> None:
        super().__init__()
        self._folder, self._state = folder, state
        self.port: AdminPort

    def url(self, path: str) -> str:
        """Return where a screen is."""
        return f"{self.port.address}{path}"

    def body(self, path: str) -> str:
        """Return what is a screen's own: without what is the same on each, and without its time."""
        try:
            with urlopen(self.url(path)) as answer:
                text = answer.read().decode()
        except HTTPError as refusal:
            text = refusal.read().decode()
        _, _, main = text.partition("<main")
        own = re.sub(r'<p (?:class="banner"|id="freshness").*?</p>', "", main, flags=re.DOTALL)
        return " ".join(own.split())

    def __enter__(self) -> Self:
        super().__enter__()
        self.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.port.__aexit__())
        super().__exit__()

    async def _open(self) -> None:
        self.port = AdminPort(self._folder, names=self._state.names, **self._state.setup)
        await self.port.__aenter__()
        await self._state.fill(self.port)
