"""The story that the page is for: a token lapses, somebody reads it and mends it; all arrives."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.browser import Browser
from tests.ui.story import Story

SOON_S = 10.0
"""Within which a page that is open has to tell."""


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with Story(tmp_path) as running:
        yield running


def test_a_lapsed_token_is_told_mended_and_nothing_is_lost(screen: Browser, story: Story) -> None:
    screen.open(story.relay.admin)
    screen.wait_for("Your conversions are arriving.", SOON_S)
    assert "Pinterest and TikTok are emulated on this machine" in screen.words

    story.lapse()
    screen.wait_for("Conversions are not reaching TikTok.", SOON_S)
    screen.wait_for("The access token has expired.", SOON_S)
    screen.wait_for("purchases worth", SOON_S)
    assert re.search(r"[1-9][\d,]* purchases worth [\d,]+\.[05]0 EUR are waiting", screen.words)
    assert "Events Manager → the event source → Settings → Events API" in screen.words
    assert "Generate Access Token" in screen.words

    screen.click("See TikTok")
    screen.wait_for("Paused", SOON_S)
    story.replace_token()
    screen.wait_for("Working", 3 * SOON_S)

    screen.click("Overview")
    screen.wait_for("Your conversions are arriving.", SOON_S)
    sold = story.stop_selling()
    funnels = story.run(story.relay.until_nothing_waits())
    assert {each["delivered"] for each in funnels.values()} == {sold}
    at_tiktok = {each.event_id for each in story.sandbox.exchange.inbox.ids("tiktok")}
    assert at_tiktok >= story.producer.acknowledged
