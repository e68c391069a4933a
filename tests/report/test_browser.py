"""The page in a real browser: its script runs, and what it shows fits the window."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from churnkit.report import page
from support import drawn

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; .ci/run installs it with apt")

MEASURE = """
<script>
  window.onerror = function (told) { document.title = "error: " + told; };
  addEventListener("load", function () {
    var wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    document.body.dataset.overflow = wide;
    var who = document.getElementById("who");
    who.selectedIndex = 1;
    who.dispatchEvent(new Event("change"));
    var rows = Array.from(document.querySelectorAll("[data-manager]"));
    document.body.dataset.shown = rows.filter(function (r) { return !r.hidden; }).length;
    document.body.dataset.rows = rows.length;
    var charts = Array.from(document.querySelectorAll("figure.ck-chart"));
    document.body.dataset.levels = new Set(charts.map(function (c) { return c.offsetTop; })).size;
  });
</script>
"""


def opened(html: str, tmp_path, width: int) -> str:
    """Open a page and give the document as the browser has it after its scripts have run."""
    (tmp_path / "page.html").write_text(html.replace("<head>", f"<head>{MEASURE}", 1), encoding="utf-8")
    words = [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1600", "--dump-dom"]
    shown = subprocess.run(
        [*words, (tmp_path / "page.html").as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return shown.stdout


@pytest.mark.parametrize(("width", "levels"), [(1280, 1), (600, 2)])
def test_the_page_works_and_fits(tmp_path, width, levels):
    dom = opened(page(drawn.plan(), scores=drawn.scores(), evaluation=drawn.evaluation()), tmp_path, width)
    assert "<title>error:" not in dom
    assert 'data-overflow="0"' in dom
    assert f'data-levels="{levels}"' in dom  # the two charts stand side by side where there is room
    shown, rows = (int(dom.split(f'data-{name}="')[1].split('"')[0]) for name in ("shown", "rows"))
    assert 0 < shown < rows  # choosing one manager hides the others' accounts
