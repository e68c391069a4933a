"""What a caller may say about the tables: signals of their own, and ``history.toml``."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from churnkit.errors import RequestError, UnreadableFile, did_you_mean
from churnkit.history.signals import THEMES
from churnkit.tables import CONTRACT, Column, Table

if TYPE_CHECKING:
    from pathlib import Path

_TAKEN = ("timezone", "observed_until", "dayfirst", "signals", "text", "rebuy_gap", "memory")
SETTINGS_FILE = "history.toml"


class Signal(BaseModel):
    """A table of your own that becomes a signal: one row is one dated fact, under the table's name.

    Parameters
    ----------
    time
        The column that says when it occurred.
    value, label, actor
        Columns with a number, a category, and who did it; None where there is none.
    recorded
        The column that says when it became known; silence: as it occurred.
    account
        The column with the account's id.
    theme
        What the signal is about: usage, satisfaction, support, billing, contract, relationship, profile.

    Examples
    --------
    >>> Signal(time="attended_at", value="minutes").theme
    'usage'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: str
    value: str | None = None
    label: str | None = None
    actor: str | None = None
    recorded: str | None = None
    account: str = "account_id"
    theme: str = "usage"

    @field_validator("theme")
    @classmethod
    def _known(cls, theme: str) -> str:
        if theme not in THEMES:
            raise ValueError(f"theme {theme!r} is unknown{did_you_mean(theme, THEMES)}; there are {', '.join(THEMES)}")
        return theme

    def table(self, name: str) -> Table:
        """Declare the table that the signal is read from."""
        columns = [Column(self.account, "account", needed=True), Column(self.time, "time", needed=True)]
        for column, kind in ((self.value, "number"), (self.label, "text"), (self.actor, "id"), (self.recorded, "time")):
            if column is not None:
                columns.append(Column(column, kind))  # type: ignore[arg-type]  # of the kinds above
        recorded = (self.time, *([self.recorded] if self.recorded else []))
        return Table(name, "a fact of your own", tuple(columns), recorded=recorded)


def own_tables(signals: dict[str, Signal]) -> dict[str, Table]:
    """Declare the tables of a caller's own signals.

    Raises
    ------
    RequestError
        If one has the name of a table of the data contract.
    """
    for name in signals:
        if name in CONTRACT or name in _TAKEN:
            what = "a table of the data contract" if name in CONTRACT else "an option of History"
            raise RequestError(f"signals: {name!r} is {what}; give your own signal another name.")
    return {name: signal.table(name) for name, signal in signals.items()}


class HistoryFile(BaseModel):
    """What ``history.toml`` beside the files may say; every word of it is optional.

    Parameters
    ----------
    timezone, dayfirst, observed_until, rebuy_gap, memory
        As in ``History``.
    rename
        ``{their name: our name}`` for every table, or ``{table: {their name: our name}}``.
    tables
        Where a table lies, if not under its own name: a path below the folder.
    signals
        Tables of your own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: str | None = None
    dayfirst: bool | None = None
    observed_until: str | date | datetime | dict[str, str | date | datetime] | None = None
    rebuy_gap: str | None = None
    memory: int | str | None = None
    rename: dict[str, str | dict[str, str]] = Field(default_factory=dict)
    tables: dict[str, str | list[str]] = Field(default_factory=dict)
    signals: dict[str, Signal] = Field(default_factory=dict)


def read_settings(folder: Path) -> HistoryFile:
    """Read ``history.toml`` of a folder; without one nothing is said.

    Raises
    ------
    UnreadableFile
        If it is not TOML.
    RequestError
        If it says what cannot be followed.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        return HistoryFile()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise UnreadableFile(f"{SETTINGS_FILE}: {path} is not TOML ({problem}). Mend that line.") from problem
    try:
        return HistoryFile.model_validate(data)
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(p) for p in first["loc"])
        near = did_you_mean(key, HistoryFile.model_fields) if first["type"] == "extra_forbidden" else ""
        known = (
            f" It may say {', '.join(HistoryFile.model_fields)}." if near or first["type"] == "extra_forbidden" else ""
        )
        raise RequestError(f"{SETTINGS_FILE}: {key}: {first['msg']}{near}.{known}") from problem
