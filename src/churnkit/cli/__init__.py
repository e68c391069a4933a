"""The command line: ``churnkit init · check · fit · evaluate · backtest · score · explain · plan``.

What one command writes the next one reads. Exit codes: 0 done; 1 the data or the request is at fault,
said in one message; 2 usage. The rooms load inside the commands, so that ``--help`` is quick.
"""

from __future__ import annotations

import sys
import warnings

import typer

from churnkit.cli.commands import app
from churnkit.errors import ChurnkitError, ChurnkitWarning

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a fault of data or request is one message and exit code 1, never a traceback."""

    def show(message: Warning | str, category: type[Warning], *_where: object) -> None:
        if issubclass(category, ChurnkitWarning):
            typer.echo(f"warning: {message}", err=True)

    with warnings.catch_warnings():
        warnings.showwarning = show  # type: ignore[assignment]  # takes what it is given by position alone
        warnings.simplefilter("default", ChurnkitWarning)
        try:
            app()
        except ChurnkitError as problem:
            typer.echo(f"churnkit: {problem}", err=True)
            sys.exit(1)
        except OSError as problem:
            typer.echo(f"churnkit: {problem.strerror or problem}: {problem.filename or ''}".rstrip(": "), err=True)
            sys.exit(1)
