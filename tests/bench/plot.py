"""The figures of a run as one SVG: a row a case, a mark a contender, a line from min to max.

Nothing but shapes and text, so it reads in any browser and prints. Contenders differ by colour and
by shape (colours of Okabe and Ito, told apart by everybody); every mark has its figures as a title.
All axes are logarithmic, because the baseline is more than ten times away.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape

import msgspec

from tests.bench.case import BASELINE, CHAIN, RELAY
from tests.bench.figure import FIGURES, Spread, values
from tests.bench.report import Result

PANELS = ("cpu_us_per_event", "events_per_s", "answer_p99_ms", "delivery_p50_ms")
COLOURS = {RELAY: "#0072b2", BASELINE: "#d55e00", CHAIN: "#009e73"}
LABELS, PANEL, GAP, ROW, HEAD, FOOT = 210, 220, 48, 26, 96, 16
"""Widths and heights in pixels."""
INK, FAINT, PAPER = "#1a1a1a", "#d8d8d8", "#ffffff"
MARK = 5
STYLE = (
    f"text{{font:13px system-ui,sans-serif;fill:{INK}}}.t{{font-weight:600}}.s{{font-size:11px}}"
)


class Axis(msgspec.Struct, frozen=True):
    """A logarithmic scale over whole decades, from `left` on."""

    left: float
    low: int
    high: int

    @classmethod
    def over(cls, figures: Sequence[float], left: float) -> "Axis":
        """Return the axis that holds all figures."""
        logs = [math.log10(max(each, 1e-3)) for each in figures] or [0.0]
        low = math.floor(min(logs))
        return cls(left, low, max(math.ceil(max(logs)), low + 1))

    def at(self, figure: float) -> float:
        """Return where a figure is."""
        share = (math.log10(max(figure, 1e-3)) - self.low) / (self.high - self.low)
        return self.left + share * PANEL

    def ticks(self) -> list[float]:
        """Return the powers of ten."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def plot(results: Sequence[Result], subtitle: str) -> str:
    """Return the SVG."""
    width = LABELS + len(PANELS) * (PANEL + GAP)
    height = HEAD + ROW * len(results) + FOOT
    box = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-labelledby="title about">',
        '<title id="title">What an event costs the relay</title>',
        f'<desc id="about">{escape(_in_words(results))}</desc>',
        f'<style>{STYLE}</style><rect width="{width}" height="{height}" fill="{PAPER}"/>',
        _text(
            12,
            22,
            "What an event costs: median of the rounds, and a line from the least to the greatest",
            "t",
        ),
        _text(12, 40, subtitle, "s"),
        *_legend(),
        *_names(results),
    ]
    for number, name in enumerate(PANELS):
        parts += _panel(results, name, LABELS + number * (PANEL + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> Iterator[str]:
    for number, name in enumerate(COLOURS):
        x = 18 + 62 * number - (8 if number else 0) + (14 if number == 2 else 0)
        yield _mark(name, x, 60)
        yield _text(x + 9, 64, name, "s")


def _names(results: Sequence[Result]) -> Iterator[str]:
    for row, result in enumerate(results):
        yield _text(12, _y(row) + 4, result.case.name)


def _panel(results: Sequence[Result], name: str, left: float) -> Iterator[str]:
    axis = Axis.over(_all(results, name), left)
    bottom = HEAD + ROW * len(results)
    yield _text(left, 64, FIGURES[name].title, "t s")
    for tick in axis.ticks():
        x = axis.at(tick)
        yield f'<path d="M{x:.1f} {HEAD - 8}V{bottom}" stroke="{FAINT}"/>'
        yield _text(x, HEAD - 14, _short(tick), "s", "middle")
    for row, result in enumerate(results):
        for contender in COLOURS:
            if found := values(result.of(contender), name):
                yield _spread(axis, contender, Spread.of(found), _y(row), name)


def _spread(axis: Axis, contender: str, spread: Spread, y: float, name: str) -> str:
    figure = FIGURES[name]
    title = f"{contender}, {figure.title}: {spread.text(figure.digits)}"
    line = f'<path d="M{axis.at(spread.min):.1f} {y}H{axis.at(spread.max):.1f}" '
    line += f'stroke="{COLOURS[contender]}" stroke-width="2"/>'
    mark = _mark(contender, axis.at(spread.median), y)
    return f"<g><title>{escape(title)}</title>{line}{mark}</g>"


def _mark(contender: str, x: float, y: float) -> str:
    """Return a circle for the relay, a square for the baseline, a rhomb for the chain."""
    fill = f'fill="{COLOURS[contender]}"'
    if contender == RELAY:
        return f'<circle cx="{x:.1f}" cy="{y}" r="{MARK}" {fill}/>'
    if contender == BASELINE:
        side = 2 * MARK
        return f'<rect x="{x - MARK:.1f}" y="{y - MARK}" width="{side}" height="{side}" {fill}/>'
    return f'<path d="M{x:.1f} {y - MARK}l{MARK} {MARK}l-{MARK} {MARK}l-{MARK}-{MARK}z" {fill}/>'


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" class="{style}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(figure: float) -> str:
    return f"{figure:,g}" if figure < 10_000 else f"{figure / 1_000:,g}k"


def _y(row: int) -> float:
    return HEAD + ROW * row + ROW / 2


def _all(results: Sequence[Result], name: str) -> list[float]:
    return [
        value
        for result in results
        for contender in COLOURS
        for value in values(result.of(contender), name)
    ]


def _in_words(results: Sequence[Result]) -> str:
    """Return the medians of the relay, for who cannot see the marks."""
    lines = []
    for result in results:
        for name in PANELS:
            if found := values(result.of(RELAY), name):
                text = f"{Spread.of(found).median:,.{FIGURES[name].digits}f}"
                lines.append(f"{result.case.name}: {FIGURES[name].title} {text}.")
    return " ".join(lines)
