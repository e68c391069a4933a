"""Reading the tables of a company: folders, single files, frames and queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from churnkit.errors import DataError, MissingColumn, MissingTable, RequestError, UnreadableFile, did_you_mean
from churnkit.history.door import raise_together
from churnkit.history.files import find_files, open_files, open_in_parts, parquet_rows, part_files
from churnkit.history.frames import to_source
from churnkit.history.history import History
from churnkit.history.memory import bound_for, needed
from churnkit.history.options import HistoryFile, Signal, read_settings
from churnkit.history.sources import Source, rename_columns
from churnkit.history.sql import run_query
from churnkit.tables import CONTRACT

if TYPE_CHECKING:
    from typing import Unpack

    from churnkit.history.tone import Scorer
    from churnkit.timeline import Cutoff, Span

Renames = Mapping[str, str | Mapping[str, str]]


class Options(TypedDict, total=False):
    """What ``read_history`` takes beside its source; each as in ``History``, ``rename`` apart."""

    timezone: str
    observed_until: Cutoff | Mapping[str, Cutoff] | None
    dayfirst: bool | None
    rename: Renames
    signals: Mapping[str, Signal]
    text: Scorer | Literal["lexicon"] | None
    rebuy_gap: Span | str
    memory: int | str | None


def read_history(
    source: str | Path | Mapping[str, Any], *, connection: Any = None, **options: Unpack[Options]
) -> History:
    """Read the tables of the data contract.

    Parameters
    ----------
    source
        A folder with one file per table, named after it (``accounts.parquet``, ``activity.csv``,
        ``tickets.csv.gz``), or a folder ``activity/`` of part files; a ``history.toml`` beside them may say
        what the options below say (these win). Or a mapping from table to file, folder, list of files or
        frame; with a ``connection``, from table to query (or to the name of a table there).
    connection
        A SQLAlchemy URL, engine or connection (extra ``sql``), or a DuckDB connection.
    **options
        ``rename``: names of columns, ``{their name: our name}`` for every table that has such a column, or
        ``{table: {their name: our name}}``. ``timezone``, ``observed_until``, ``dayfirst``, ``signals``, ``text``,
        ``rebuy_gap`` and ``memory`` as in :class:`History`.

    Returns
    -------
    History

    Raises
    ------
    DataError
        All sources that are missing, unreadable or lack a column, in one message.
    RequestError
        If an option cannot be followed.

    Examples
    --------
    >>> read_history("crm", rename={"customer": "account_id"})  # doctest: +SKIP
    >>> read_history({"accounts": "crm.csv", "activity": "logs/"})  # doctest: +SKIP
    >>> queries = {"accounts": "select * from crm.accounts", "activity": "crm.events"}
    >>> read_history(queries, connection="postgresql+psycopg://me@db/crm")  # doctest: +SKIP
    """
    unknown = [n for n in options if n not in Options.__annotations__]
    if unknown:
        raise RequestError(
            f"read_history has no option {unknown[0]!r}{did_you_mean(unknown[0], Options.__annotations__)}; "
            f"it has {', '.join(Options.__annotations__)}."
        )
    settings = HistoryFile()
    if not isinstance(source, Mapping):
        folder = Path(source)
        if not folder.is_dir():
            raise MissingTable(
                f"{folder} is not a folder; give the folder that holds accounts.csv and activity.csv, "
                "or a mapping from table to file."
            )
        settings = read_settings(folder)
        options = _merged(settings, options)
        source = _in_folder(folder, settings, [*CONTRACT, *options.get("signals", {})])
    tables = _open_all(source, connection, bounded=options.get("memory") is not None)
    given: dict[str, Any] = {n: v for n, v in options.items() if n != "rename"}
    given |= renamed(tables, options.get("rename", {}))
    return History(**given)


def _merged(settings: HistoryFile, options: Options) -> Options:
    """What the file says, unless the caller says otherwise."""
    said: dict[str, Any] = {n: getattr(settings, n) for n in HistoryFile.model_fields if n != "tables"}
    merged: Any = {n: v for n, v in said.items() if v not in (None, {})} | dict(options)
    merged["rename"] = {**settings.rename, **options.get("rename", {})}
    merged["signals"] = {**settings.signals, **(options.get("signals") or {})}
    found: Options = merged
    return found


def _in_folder(folder: Path, settings: HistoryFile, names: Sequence[str]) -> dict[str, Any]:
    """Find the files of every table."""
    problems: list[DataError] = []
    found: dict[str, Any] = {}
    odd = [n for n in settings.tables if n not in names]
    if odd:
        raise RequestError(f"history.toml: tables.{odd[0]}: no such table{did_you_mean(odd[0], names)}.")
    for name in names:
        try:
            if name in settings.tables:
                given = settings.tables[name]
                found[name] = [folder / p for p in ([given] if isinstance(given, str) else given)]
                continue
            files = find_files(folder, name)
        except DataError as problem:
            problems.append(problem)
            continue
        if files:
            found[name] = files
        elif name not in CONTRACT or CONTRACT[name].needed:
            why = f"it is needed: {CONTRACT[name].what}." if name in CONTRACT else "signals asks for it."
            where = f"{folder} for {name}.parquet or {name}.csv"
            problems.append(MissingTable.needed(name, why=why, where=where))
    raise_together(problems)
    return found


def _open_all(source: Mapping[str, Any], connection: Any, *, bounded: bool) -> dict[str, Source]:
    problems: list[DataError] = []
    tables: dict[str, Source] = {}
    for name, given in source.items():
        if given is None:
            continue
        try:
            tables[name] = _open(name, given, connection, bounded=bounded and name == "activity")
        except DataError as problem:
            problems.append(problem)
    raise_together(problems)
    return tables


def _open(name: str, given: Any, connection: Any, *, bounded: bool) -> Source:
    """Open one table, whatever it was given as; ``bounded``: so that it need not be in memory whole."""
    if isinstance(given, str) and connection is not None:
        return run_query(name, given, connection)
    if isinstance(given, str | Path):
        given = [given]
    if not (isinstance(given, Sequence) and given and all(isinstance(g, str | Path) for g in given)):
        return to_source(name, given)
    files: list[Path] = []
    for path in map(Path, given):
        parts = part_files(path) if path.is_dir() else [path]
        if not parts or not parts[0].is_file():
            hint = " (a query needs connection=)" if " " in str(path) and connection is None else ""
            raise UnreadableFile(f"{name}: there is no file at {path}{hint}. Check the path.")
        files.extend(parts)
    too_large = name == "activity" and bound_for(needed(files, parquet_rows(files, name))) is not None
    return open_in_parts(files, name) if bounded or too_large else open_files(files, name)


def renamed(tables: Mapping[str, Source], rename: Renames) -> dict[str, Source]:
    """Give columns the names of the data contract.

    Raises
    ------
    MissingColumn
        If a column to be renamed is in no table, or not in the one that is named.
    """
    everywhere = {old: new for old, new in rename.items() if isinstance(new, str)}
    single = {name: mapping for name, mapping in rename.items() if not isinstance(mapping, str)}
    odd = [n for n in single if n not in tables]
    if odd:
        raise RequestError(f"rename: no table {odd[0]!r} was given{did_you_mean(odd[0], tables)}.")
    lost = [old for old in everywhere if not any(old in t.names for t in tables.values())]
    if lost:
        every = {n for t in tables.values() for n in t.names}
        raise MissingColumn(f"rename names column {lost[0]!r}, which no table has{did_you_mean(lost[0], every)}.")
    problems: list[DataError] = []
    done: dict[str, Source] = {}
    for name, table in tables.items():
        mapping = {o: n for o, n in everywhere.items() if o in table.names} | dict(single.get(name, {}))
        try:
            done[name] = rename_columns(name, table, mapping) if mapping else table
        except DataError as problem:
            problems.append(problem)
    raise_together(problems)
    return done
