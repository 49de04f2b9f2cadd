"""The dashboard is what Grafana's own schema knows: nothing is misspelled, nothing is ignored.

Grafana's published types are made from its schema of dashboards and panels. What they do not know
is lost on the way through them, as it would be ignored by Grafana.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.dashboard import dashboard

OWN_TO_PROMETHEUS: Final = {
    "annotations.list.0.titleFormat",
    "annotations.list.0.textFormat",
}
"""The data source's own settings of an annotation, which are no part of the schema; see Grafana's
documentation of Prometheus annotations."""


def through_grafana(given: dict[str, Any]) -> Any:
    """Return what is left of a dashboard once Grafana's types have read and written it."""
    register_default_plugins()
    return msgspec.json.decode(JSONEncoder().encode(Dashboard.from_json(given)))


def lost(given: Any, left: Any, at: str = "") -> Iterator[str]:
    """Yield where something is not as it was given."""
    if isinstance(given, dict) and isinstance(left, dict):
        for key, value in given.items():
            yield from lost(value, left.get(key, ...), f"{at}.{key}")
    elif isinstance(given, list) and isinstance(left, list) and len(given) == len(left):
        for number, (one, other) in enumerate(zip(given, left, strict=True)):
            yield from lost(one, other, f"{at}.{number}")
    elif given != left:
        yield at.removeprefix(".")


def test_grafanas_own_types_know_all_of_it() -> None:
    given = dashboard()

    assert set(lost(given, through_grafana(given))) == OWN_TO_PROMETHEUS


@pytest.mark.parametrize(
    ("panel", "path", "key"),
    [
        (1, ("options",), "reduceoptions"),
        (1, ("fieldConfig", "defaults"), "units"),
        (1, ("targets", 0), "legend"),
        (5, ("fieldConfig", "defaults", "custom"), "fillopacity"),
        (5, ("options", "legend"), "displaymode"),
    ],
)
def test_what_is_misspelled_would_be_found(
    panel: int, path: tuple[str | int, ...], key: str
) -> None:
    given = dashboard()
    place: Any = given["panels"][panel]
    for step in path:
        place = place[step]
    place[key] = "misspelled"

    found = set(lost(given, through_grafana(given))) - OWN_TO_PROMETHEUS
    assert found == {".".join(["panels", str(panel), *map(str, path), key])}
