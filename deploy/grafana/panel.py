"""What a panel of the dashboard is: a question to Prometheus and how its answer is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ON: Final = 'instance=~"$instance"'
OF: Final = 'instance=~"$instance", destination=~"$destination"'
GREEN, AMBER, RED = "green", "orange", "red"


@dataclass(frozen=True)
class Query:
    """What is asked; `legend` names its lines."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True)
class Panel:
    """One panel. `steps` are the colours from a value on; `unit` is one of Grafana's."""

    title: str
    text: str
    queries: Sequence[Query]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    steps: Sequence[tuple[float | None, str]] = ()
    stacked: bool = False
    lowest: float | None = 0
    highest: float | None = None
    no_value: str = ""
    words: Sequence[tuple[str, str, str]] = ()
    """(value, word, colour) of figures that stand for words."""


@dataclass(frozen=True)
class Row:
    """A heading, and the panels below it."""

    title: str
    panels: Sequence[Panel]
    repeat: str | None = None
    """The variable of which each value gets a row of its own."""


def quantiles(metric: str, labels: str, by: str = "") -> list[Query]:
    """Return the median, the 95th and the 99th percentile of a histogram."""
    over = f"le, {by}" if by else "le"
    return [
        Query(
            f"histogram_quantile({share}, sum by ({over})"
            f" (rate({metric}_bucket{{{labels}}}[$__rate_interval])))",
            f"p{share * 100:g}",
        )
        for share in (0.5, 0.95, 0.99)
    ]


def rates(metric: str, labels: str, by: str) -> list[Query]:
    """Return how often something happens in a second, by a label."""
    expr = f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))"
    return [Query(expr, f"{{{{{by}}}}}")]
