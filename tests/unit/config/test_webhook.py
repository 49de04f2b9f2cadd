"""The address of a webhook is a secret: it is read from anywhere, and shown nowhere."""

from pathlib import Path

import pytest

from relay.config import Config, Webhook, check_start, describe, parse
from relay.config.webhook import Followed
from relay.errors import ConfigError

CANARY = "T0CANARY/B0/s3cret"
SLACK = f"https://hooks.slack.com/services/{CANARY}"


def config(text: str) -> Config:
    return parse(f'[notify]\nwebhook = "{text}"\n', {}, origin="relay.toml")


def address(text: str, environ: dict[str, str] | None = None) -> str | None:
    found = Followed(Webhook(text), environ or {}, lambda: 0.0).current()
    return None if found is None else found.reveal()


@pytest.mark.parametrize(
    "text", [SLACK, "http://127.0.0.1:1/x", "http://localhost/x", "http://[::1]:1/x?a=b"]
)
def test_an_address_may_stand_in_the_file(text: str) -> None:
    assert address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"http://hooks.slack.com/{CANARY}",
        f"hooks.slack.com/{CANARY}",
        f"ftp://hooks.slack.com/{CANARY}",
        f"https:///{CANARY}",
        f"https://[::1/{CANARY}",
        f"https://hooks.slack.com:x/{CANARY}",
        f"https://hooks.slack.com/{CANARY} y",
        f"https://hooks.slack.com/{CANARY}ü",
        "env:",
    ],
)
def test_what_is_no_address_is_an_error_that_does_not_quote_it(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^relay\.toml: notify\.webhook must") as error:
        config(text)
    assert CANARY not in str(error.value)


def test_no_text_that_can_be_made_of_it_shows_more_than_the_host() -> None:
    whole = config(SLACK)
    texts = f"{whole.notify.webhook} {whole!r} {' '.join(describe(whole, {}))}"

    assert CANARY not in texts
    assert 'notify.webhook = "https://hooks.slack.com/…"' in describe(whole, {})


def test_an_address_is_shown_with_the_scheme_that_it_has() -> None:
    assert str(Webhook("http://127.0.0.1:9/hook")) == "http://127.0.0.1/…"


def test_a_place_is_shown_with_whether_there_is_anything() -> None:
    whole = config("env:HOOK")

    assert 'notify.webhook = "env:HOOK" (set)' in describe(whole, {"HOOK": SLACK})
    assert 'notify.webhook = "env:HOOK" (not set)' in describe(whole, {})


def test_a_start_refuses_a_place_that_holds_something_else() -> None:
    check_start(config("env:HOOK"), {"HOOK": SLACK})
    check_start(config("env:HOOK"), {})
    with pytest.raises(ConfigError, match=r"^notify\.webhook: env:HOOK must be") as error:
        check_start(config("env:HOOK"), {"HOOK": CANARY})
    assert CANARY not in str(error.value)


def test_without_a_usable_address_there_is_none() -> None:
    assert address("env:HOOK") is None
    assert address("env:HOOK", {"HOOK": "not one"}) is None
    assert address("env:HOOK", {"HOOK": SLACK}) == SLACK


def test_a_file_is_read_again_on_demand(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    followed = Followed(Webhook(f"file:{file}"), {}, lambda: 0.0)
    assert followed.current() is None

    file.write_text(f"{SLACK}\n")
    followed.reload()

    found = followed.current()
    assert found is not None
    assert found.reveal() == SLACK


def test_webhooks_are_equal_if_they_lead_to_the_same_place() -> None:
    assert Webhook(SLACK) == Webhook(SLACK)
    assert Webhook(SLACK) != Webhook("env:HOOK")
    assert Webhook("env:HOOK") != "env:HOOK"
