"""The pictures of the page in the README: `python -m tests.ui.pictures` writes them anew."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from relay.journal.letter import DeadFilter
from tests.given.port.admin import PINTEREST, AdminPort
from tests.ui import world
from tests.ui.browser import Browser, browser
from tests.ui.served import Served
from tests.ui.state import State

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "screenshots"
WIDTH: Final = 1200
PICTURES: Final[Sequence[tuple[str, str, str, int]]] = (
    ("overview", "/", "light", 1320),
    ("destination", f"/destinations/{PINTEREST}", "dark", 900),
)
"""Name, screen, scheme and height of each."""


async def lapsed(port: AdminPort) -> None:
    """Fill a day on which only the token of one platform lapsed."""
    await world.troubled(port)
    port.destinations[0].test = False
    mended = DeadFilter(reason="platform_rejected")
    await port.journal.drop(mended, note="The shop is mended.", dry_run=False)


def take(window: Browser, served: Served) -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, path, scheme, height in PICTURES:
        window.look(WIDTH, scheme, height)
        window.open(served.url(path))
        window.wait_for("Updated")
        window.picture(FOLDER / f"{name}.png", whole=False)


if __name__ == "__main__":
    with (
        browser() as opened,
        tempfile.TemporaryDirectory() as folder,
        Served(Path(folder), State(lapsed)) as relay,
    ):
        take(opened, relay)
