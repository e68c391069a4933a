"""What the commands say and write: text, JSON, files, and a bar while they work."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from churnkit.display import on_terminal
from churnkit.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd

    from churnkit.history import History


def as_json(history: History) -> dict[str, object]:
    """Give what was read as plain data."""
    from churnkit.timeline import as_text

    until = history.observed_until
    tables = {
        name: {
            "read": read,
            "used": used,
            "set_aside": read - used,
            "until": as_text(until[name]) if name in until else None,
        }
        for name, (read, used) in history.rows.items()
    }
    aside = history.rejected.groupby(["table", "column", "reason"], sort=False).size()
    return {
        "accounts": len(history.accounts),
        "facts": len(history.signals),
        "signals": list(history.signals.names),
        "tables": tables,
        "set_aside": [
            {"table": t, "column": c, "reason": r, "rows": int(n)} for (t, c, r), n in aside.items()
        ],
        "notes": [str(n) for n in history.notes],
    }  # fmt: skip


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


def written(path: Path) -> None:
    """Say what was written, and where."""
    typer.echo(f"\nwritten: {path}")
