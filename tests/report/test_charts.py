"""Drawings: ticks, places and intervals by hand, and the same in words."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from churnkit.report import charts


# 20 %, 10 %, 10 % and 2 % apart
@pytest.mark.parametrize(("top", "steps"), [(1.0, 5), (0.4, 4), (0.5, 5), (0.06, 3)])
def test_ticks_are_round(top, steps):
    found = charts.ticks(top)
    assert len(found) == steps + 1
    assert found[0] == 0
    assert found[-1] == pytest.approx(top)


def test_ceiling_rounds_up_to_a_tick():
    assert charts.ceiling(0.37) == pytest.approx(0.4)
    assert charts.ceiling(0.88) == 1.0
    assert charts.ceiling(1.7) == 1.0


def test_places_run_from_the_corner():
    plot = charts.Plot(
        right=2.0, top=4.0, width=100, height=80, left_edge=10, bottom_edge=20, upper_edge=0, right_edge=0
    )
    assert (plot.x(0), plot.x(2)) == (10, 100)
    assert (plot.y(0), plot.y(4)) == (60, 0)
    assert plot.x(1) == 55


def test_wilson_interval():
    # 8 of 10 at 95 %: .490 to .943 (Newcombe 1998, Statistics in Medicine 17, method 3).
    low, high = charts.wilson(0.8, 10, z=1.959964)
    assert (low, high) == (pytest.approx(0.490, abs=5e-4), pytest.approx(0.943, abs=5e-4))
    assert charts.wilson(0.0, 20)[0] == 0.0


def test_interval_bar_marks_the_probability_between_its_ends():
    root = ET.fromstring(charts.interval_bar(0.25, 0.1, 0.5, top=0.5, width=108))
    assert root.attrib["aria-label"] == "25%, between 10% and 50%"
    assert float(root.find("circle").attrib["cx"]) == 54.0  # half way from 4 to 104
    band = root.findall("line")[1]
    assert (band.attrib["x1"], band.attrib["x2"]) == ("24.0", "104.0")


def test_a_bar_of_nothing_is_nothing():
    assert charts.interval_bar(float("nan"), 0.1, 0.2) == ""
    assert charts.share_bar(1.0, float("nan"), "x") == ""


def test_charts_are_whole_and_say_themselves_in_words():
    calibration = charts.calibration_chart([0.1, 0.4], [0.2, 0.3], [50, 50], "said <so>")
    gains = charts.gains_chart({"ours": [(0, 0), (0.5, 0.9), (1, 1)], "<rival>": [(0, 0), (1, 1)]}, 0.1, "said")
    for svg in (calibration, gains):
        ET.fromstring(svg)
    assert 'aria-label="said &lt;so&gt;"' in calibration
    assert "&lt;rival&gt;" in gains
    assert "first 10%" in gains


def test_rivals_differ_by_more_than_colour():
    gains = charts.gains_chart({n: [(0, 0), (1, 1)] for n in "abcd"}, 0.1, "said")
    dashes = {line.attrib.get("stroke-dasharray", "") for line in ET.fromstring(gains).iter("polyline")}
    assert len(dashes) == 4
