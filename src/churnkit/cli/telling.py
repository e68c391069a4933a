"""What the commands say and write: text, JSON, files, and a bar while they work."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from churnkit.display import on_terminal
from churnkit.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd

    from churnkit.scoring import EvaluationReport


def ending(path: Path | None) -> None:
    """Refuse a file name that does not say how to write, before any work is done."""
    if path is not None and path.suffix not in (".csv", ".parquet"):
        raise RequestError(f"{path}: the ending says how to write; choose .csv or .parquet.")


def put(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame as its ending says."""
    ending(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False, lineterminator="\n")
    return path


@contextmanager
def steps(*names: str) -> Iterator[Callable[[], None]]:
    """Show one bar of named steps while they last, on a terminal only; the block calls what it is given after each."""
    if not on_terminal():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        rest = iter(names)
        task = bar.add_task(next(rest), total=len(names))
        yield lambda: bar.update(task, advance=1, description=next(rest))


def say(result: object) -> None:
    """Print a result as text."""
    from churnkit.report import text

    typer.echo(text(result))


def shown(report: EvaluationReport, out: Path | None, html: Path | None) -> None:
    """Write a report as JSON and as a page, where asked for."""
    from churnkit.report import sheet

    texts = {} if out is None else {out: json.dumps(report.to_dict(), indent=1) + "\n"}
    texts |= {} if html is None else {html: sheet(report)}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written(path)


def written(path: Path) -> None:
    """Say what was written, and where."""
    typer.echo(f"\nwritten: {path}")
