"""An admin port that serves from a thread of its own, so that a test can drive a browser at it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

from tests.admin_port import AdminPort
from tests.ui.background import Background


class Served(Background):
    """Serves while the context is open. `fill` is run before anybody looks."""

    def __init__(self, folder: Path, fill: Callable[[AdminPort], Awaitable[None]]) -> None:
        super().__init__()
        self._folder, self._fill = folder, fill
        self.port: AdminPort

    def url(self, path: str) -> str:
        """Return where a screen is."""
        return f"{self.port.address}{path}"

    def __enter__(self) -> Self:
        super().__enter__()
        self.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.port.__aexit__())
        super().__exit__()

    async def _open(self) -> None:
        self.port = AdminPort(self._folder)
        await self.port.__aenter__()
        await self._fill(self.port)
