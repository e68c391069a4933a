"""Small drawings in SVG: bars with intervals, calibration, gains. Colours come from the page's own style."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from churnkit.report.wording import chance, missing, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACCENT, WARM, INK, LINE = "var(--ck-accent)", "var(--ck-warm)", "currentColor", "var(--ck-line)"
FAINT = "currentColor;stroke-opacity:.45"
DASHES = ("", "6 4", "2 3", "9 3 2 3", "4 2 1 2 1 2", "14 3")
"""Line styles of rivals, so that colour is never the only difference."""

RULES = 3
"""Rivals drawn warm; those after them (models) are drawn in the ink of the text."""


@dataclass(frozen=True)
class Plot:
    """The field of a chart: data from (0, 0) to (right, top) in a box of points."""

    right: float
    top: float
    width: int = 420
    height: int = 300
    left_edge: int = 52
    bottom_edge: int = 44
    upper_edge: int = 12
    right_edge: int = 24

    def x(self, value: float) -> float:
        """Give the place of a value on the horizontal axis."""
        return self.left_edge + (self.width - self.left_edge - self.right_edge) * value / self.right

    def y(self, value: float) -> float:
        """Give the place of a value on the vertical axis."""
        across = self.height - self.bottom_edge - self.upper_edge
        return self.height - self.bottom_edge - across * value / self.top

    def axes(self, below: str, beside: str) -> str:
        """Draw grid lines, their percents and the names of the axes."""
        parts = []
        for step in ticks(self.right):
            parts += [text(self.x(step), self.height - self.bottom_edge + 16, percent(step), anchor="middle")]
        for step in ticks(self.top):
            parts += [
                line(self.x(0), self.y(step), self.x(self.right), self.y(step), colour=LINE),
                text(self.left_edge - 8, self.y(step) + 4, percent(step), anchor="end"),
            ]
        middle = (self.x(0) + self.x(self.right)) / 2
        parts += [text(middle, self.height - 6, below, anchor="middle")]
        height = (self.y(0) + self.y(self.top)) / 2
        turned = f'transform="rotate(-90 13 {height:.1f})"'
        parts += [text(13, height, beside, anchor="middle", more=turned)]
        return "".join(parts)


def ticks(top: float) -> list[float]:
    """Choose about five round steps from 0 to ``top``."""
    size = 10.0 ** math.floor(math.log10(top / 4))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if top / (size * m) <= 5.0001)
    return [step * i for i in range(int(top / step + 1e-9) + 1)]


def ceiling(value: float) -> float:
    """Round an axis end up to a step of its own ticks."""
    value = min(max(value, 0.01), 1.0)
    step = ticks(value)[1]
    return min(1.0, step * math.ceil(value / step - 1e-9))


def line(x0: float, y0: float, x1: float, y1: float, *, colour: str, width: float = 1.0, dash: str = "") -> str:  # noqa: PLR0913 - two points and a pen
    """Draw a straight line."""
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" '
        f'style="stroke:{colour};stroke-width:{width:g}"{_dashed(dash)}/>'
    )


def path(points: Sequence[tuple[float, float]], *, colour: str, width: float = 1.5, dash: str = "") -> str:
    """Draw a line through points."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{through}" style="fill:none;stroke:{colour};stroke-width:{width:g}"{_dashed(dash)}/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", more: str = "") -> str:
    """Write words at a place."""
    style = f"fill:{INK};font-size:12px;text-anchor:{anchor}"
    return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}" {more}>{escape(words)}</text>'


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def drawing(width: int, height: int, inside: str, told: str) -> Markup:
    """Close a drawing, with the same in words for whoever cannot see it."""
    return Markup(  # noqa: S704 - every word inside was escaped
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(told)}" style="font-family:inherit">{inside}</svg>'
    )


def interval_bar(value: float, low: float, high: float, *, top: float = 1.0, width: int = 132) -> Markup:
    """Draw a probability on a line from 0 to ``top``: its interval as a band, itself as a mark."""
    if missing(value):
        return Markup()
    height, edge = 14, 4

    def x(share: float) -> float:
        return edge + (width - 2 * edge) * min(max(share / top, 0.0), 1.0)

    parts = [line(x(0), height / 2, x(top), height / 2, colour=LINE, width=4)]
    told = chance(value)
    if not (missing(low) or missing(high)):
        parts.append(line(x(low), height / 2, x(high), height / 2, colour="var(--ck-band)", width=6))
        told += f", between {chance(low)} and {chance(high)}"
    parts.append(f'<circle cx="{x(value):.1f}" cy="{height / 2}" r="4.5" style="fill:{WARM}"/>')
    return drawing(width, height, "".join(parts), told)


def share_bar(used: float, limit: float, told: str, *, width: int = 132) -> Markup:
    """Draw how much of a limit is used."""
    if missing(used) or missing(limit) or limit <= 0:
        return Markup()
    end = 2 + (width - 4) * min(used / limit, 1.0)
    parts = line(2, 7, width - 2, 7, colour=LINE, width=6) + line(2, 7, end, 7, colour=ACCENT, width=6)
    return drawing(width, 14, parts, told)


def wilson(share: float, n: int, z: float = 1.645) -> tuple[float, float]:
    """Give the 90 % interval of a rate seen among n (Wilson 1927, J. American Statistical Association 22, 209-212)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def calibration_chart(promised: Sequence[float], seen: Sequence[float], rows: Sequence[int], told: str) -> Markup:
    """Draw promised against seen rates of leaving; on the line they are the same."""
    ends = [wilson(s, n) for s, n in zip(seen, rows, strict=True)]
    top = ceiling(max([*promised, *(high for _, high in ends), 0.02]))
    plot = Plot(top, top)
    parts = [
        plot.axes("probability given", "share that left"),
        line(plot.x(0), plot.y(0), plot.x(top), plot.y(top), colour=INK, dash="3 4"),
    ]
    for given, rate, (low, high) in zip(promised, seen, ends, strict=True):
        x = plot.x(given)
        parts.append(line(x, plot.y(low), x, plot.y(high), colour=ACCENT, width=2))
        parts.append(f'<circle cx="{x:.1f}" cy="{plot.y(rate):.1f}" r="4.5" style="fill:{ACCENT}"/>')
    return drawing(plot.width, plot.height, "".join(parts), told)


def gains_chart(curves: Mapping[str, Sequence[tuple[float, float]]], share: float, told: str) -> Markup:
    """Draw how many of the leavers a list finds as it gets longer; the first curve is ours.

    Parameters
    ----------
    curves
        By ranking, points of share listed and share found, from (0, 0) to (1, 1).
    share
        The length that the list has, marked.
    """
    plot = Plot(1.0, 1.0, width=504, right_edge=122)
    parts = [
        plot.axes("share of the book on the list", "share of leavers found"),
        line(plot.x(0), plot.y(0), plot.x(1), plot.y(1), colour=FAINT, width=1.2),
        line(plot.x(share), plot.y(0), plot.x(share), plot.y(1), colour=INK, width=1, dash="1 3"),
        text(plot.x(share) + 4, plot.y(1) + 11, f"first {percent(share)}"),
    ]
    for place, (name, points) in enumerate(curves.items()):
        colour = ACCENT if place == 0 else WARM if place <= RULES else INK
        pen = {"colour": colour, "width": 2.8 if place == 0 else 1.5}
        pen["dash"] = DASHES[place % len(DASHES)]
        drawn = [(plot.x(a), plot.y(b)) for a, b in points]
        parts.append(path(drawn, **pen))  # type: ignore[arg-type]  # texts and one number
        parts.append(_legend(plot, place, name, **pen))  # type: ignore[arg-type]  # texts and one number
    parts.append(_legend(plot, len(curves), "chance", colour=FAINT, width=1.2, dash=""))
    return drawing(plot.width, plot.height, "".join(parts), told)


def _legend(plot: Plot, place: int, name: str, *, colour: str, width: float, dash: str) -> str:
    y = plot.y(1) + 10 + 18 * place
    x = plot.x(1) + 12
    return line(x, y, x + 24, y, colour=colour, width=width, dash=dash) + text(x + 30, y + 4, name)
