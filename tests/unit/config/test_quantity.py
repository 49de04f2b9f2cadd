import copy
import pickle

import pytest

from relay.config import Duration, Size
from relay.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("200ms", 0.2), ("20s", 20), ("1.5m", 90), ("1h", 3600), ("7d", 604_800), ("0s", 0)],
)
def test_a_duration_is_its_seconds_and_remembers_its_text(text: str, seconds: float) -> None:
    duration = Duration(text)

    assert duration == seconds
    assert str(duration) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [("12B", 12), ("1KiB", 1024), ("5MiB", 5_242_880), ("1.5GiB", 1_610_612_736)],
)
def test_a_size_is_its_bytes_and_remembers_its_text(text: str, size: int) -> None:
    assert Size(text) == size
    assert str(Size(text)) == text


@pytest.mark.parametrize(
    "text", ["", "20", "s", "-1s", "1e3s", "20 s", "20S", "20s\n", "\u0661s", "1w"]
)
def test_what_is_no_duration_says_what_one_is(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Duration(text)

    assert str(raised.value) == (
        'must be a duration with one of the units ms s m h d, such as "20s"'
    )


@pytest.mark.parametrize("text", ["", "5", "5MB", "5mib", "-1B", "5 MiB", "1TiB"])
def test_what_is_no_size_says_what_one_is(text: str) -> None:
    with pytest.raises(ConfigError, match=r'must be a size with .* such as "5MiB"'):
        Size(text)


def test_a_quantity_can_be_copied_and_handed_to_another_process() -> None:
    for value in (Duration("200ms"), Size("5MiB")):
        assert repr(copy.deepcopy(value)) == repr(value)
        assert repr(pickle.loads(pickle.dumps(value))) == repr(value)  # noqa: S301 - made above
