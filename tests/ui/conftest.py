"""One browser for all tests here, and a relay for each state that a page can find one in.

A relay ends with the module that looked at it: it works on files as long as it runs, and what tests
elsewhere leave open could not be told from what it has open.
"""

from collections.abc import Iterator

import pytest

from tests.ui.browser import Browser, browser
from tests.ui.served import Served
from tests.ui.state import STATES


@pytest.fixture(autouse=True)
def _nothing_left_open() -> None:
    """Let the browser's and the relay's connections outlive a test; they end later."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def screen(chromium: Browser) -> Browser:
    """The browser as it is before each test: a wide screen, light, usual letters, scripts on."""
    chromium.scripts(on=True)
    chromium.look(1440, "light")
    chromium.letters()
    chromium.zone()
    chromium.open("about:blank")
    chromium.complaints()
    return chromium


@pytest.fixture(scope="module")
def relay(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("relay"), STATES[request.param]) as served:
        yield served


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("troubled"), STATES["trouble"]) as served:
        yield served
