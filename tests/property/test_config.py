"""Whatever stands in the file or the environment: a configuration, or one line that helps."""

import string
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config import Config, Duration, Secret, Size, parse
from relay.config.build import build
from relay.config.environment import overridden
from relay.errors import ConfigError
from tests.given.config.known_key import KnownKey, known_keys

NUMBERS = st.decimals(0, 999_999, places=3).map(lambda number: f"{number.normalize():f}")
KEYS = sorted({part for key in known_keys() for part in key.path.split(".")})
NAMES = st.sampled_from(KEYS) | st.text(max_size=12)
SCALARS = (
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.sampled_from([key.example.strip('"') for key in known_keys()])
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=5),
    max_leaves=20,
)
SHOPS = '[sources.shopify.name]\ndomain = "a.myshopify.com"\nsecret = "env:A"\n'
KAFKA = '[kafka]\nbootstrap_servers = "a:1"\n[sources.kafka]\ntopics = ["a"]\n'
WHOLE = {
    "": SHOPS + KAFKA,
    "pinterest": '[destinations.name]\ntype = "pinterest"\nad_account_id = "1"\n',
    "tiktok": '[destinations.name]\ntype = "tiktok"\npixel_code = "A"\n',
}


@given(NUMBERS, st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_a_duration_is_read_back_from_what_it_shows(number: str, unit: str) -> None:
    duration = Duration(number + unit)

    assert str(duration) == number + unit
    assert repr(Duration(str(duration))) == repr(duration)


@given(st.integers(0, 10**5))
def test_units_agree_with_each_other(count: int) -> None:
    assert Duration(f"{count}s") == Duration(f"{count * 1000}ms")
    assert Duration(f"{count}m") == Duration(f"{count * 60}s")
    assert Size(f"{count}KiB") == Size(f"{count * 1024}B")


def problem(read: Callable[[], Config]) -> str:
    """Return the error of reading a configuration, or nothing."""
    try:
        read()
    except ConfigError as error:
        return str(error)
    return ""


@given(st.dictionaries(NAMES, DOCUMENTS, max_size=5))
def test_any_document_is_a_configuration_or_one_line(document: dict[str, Any]) -> None:
    assert problem(lambda: build(document)).isprintable()


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_one_line(text: str) -> None:
    assert problem(lambda: parse(text, {}, origin="relay.toml")).isprintable()


@given(
    st.dictionaries(
        st.text(string.ascii_uppercase + "_", max_size=30).map(lambda name: f"RELAY_{name}")
        | st.sampled_from([key.variable for key in known_keys()]),
        st.text(max_size=20),
        max_size=5,
    )
)
def test_any_environment_is_a_configuration_or_one_line(environ: dict[str, str]) -> None:
    assert problem(lambda: build(overridden({}, environ))).isprintable()


@pytest.mark.parametrize("key", known_keys(), ids=lambda key: f"{key.path} {key.kind}".strip())
def test_every_key_has_an_override_that_does_the_same_as_the_file(key: KnownKey) -> None:
    text = WHOLE[key.kind]
    table, _, name = key.path.replace("NAME", "name").rpartition(".")
    plain = key.example.strip('"[]').replace('"', "")

    by_variable = build(overridden(tomllib.loads(text), {key.variable: plain}))

    document = tomllib.loads(text)
    inner = document
    for part in table.split("."):
        inner = inner.setdefault(part, {})
    inner[name] = tomllib.loads(f"x = {key.example}")["x"]
    assert by_variable == build(document)


@given(st.text(min_size=1))
def test_a_secret_is_in_no_text_that_can_be_made_of_it(text: str) -> None:
    assert shown(Secret(text)) == shown(Secret("another"))


def shown(secret: Secret) -> str:
    return f"{secret} {secret!r} {[secret]} { ({'a': secret}) }"
