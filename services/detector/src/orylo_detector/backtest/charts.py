"""Curves as SVG, which a page can hold without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 44
TICKS = 5
# Distinct without colour too.
DASHES = ("", "6 4", "2 3", "10 3 2 3")

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points with both coordinates from 0 to 1."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Chart:
    """`description` says in words what the curves show, for people who do not see them."""

    title: str
    description: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    # The value at the right end of the x axis, where the curves have 1.
    x_most: float = 1.0


def svg(chart: Chart, number: int) -> str:
    """Return the chart as an SVG element. `number` makes its ids unique on the page."""
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="chart{number}-title chart{number}-text">',
        f'<title id="chart{number}-title">{escape(chart.title)}</title>',
        f'<desc id="chart{number}-text">{escape(chart.description)}</desc>',
        *_axes(chart),
        *(_polyline(curve, index) for index, curve in enumerate(chart.curves)),
        "</svg>",
    ]
    return "".join(parts)


def legend(chart: Chart) -> str:
    """Return the names of the curves with their line styles, or nothing for a single curve."""
    if len(chart.curves) < 2:
        return ""
    entries = "".join(
        f'<li><svg viewBox="0 0 28 8" class="key" aria-hidden="true">'
        f'<path d="M0 4H28" class="curve{index}" stroke-dasharray="{DASHES[index]}"/></svg>{escape(curve.name)}</li>'
        for index, curve in enumerate(chart.curves)
    )
    return f'<ul class="legend">{entries}</ul>'


def _axes(chart: Chart) -> list[str]:
    parts = []
    for tick in range(TICKS + 1):
        share = tick / TICKS
        x, y = _x(share), _y(share)
        parts.append(f'<path class="grid" d="M{x} {TOP}V{HEIGHT - BOTTOM}M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{share * chart.x_most:g}</text>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{share:g}</text>')
    middle_x, middle_y = _x(0.5), _y(0.5)
    parts.append(f'<text x="{middle_x}" y="{HEIGHT - 8}" text-anchor="middle">{escape(chart.x_label)}</text>')
    parts.append(
        f'<text x="12" y="{middle_y}" text-anchor="middle" transform="rotate(-90 12 {middle_y})">'
        f"{escape(chart.y_label)}</text>"
    )
    return parts


def _polyline(curve: Curve, index: int) -> str:
    points = " ".join(f"{_x(x)},{_y(y)}" for x, y in curve.points)
    return f'<polyline class="curve{index}" stroke-dasharray="{DASHES[index]}" points="{points}"/>'


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)
