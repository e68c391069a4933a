"""Sections on what goes in: the history, the recipe, the features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.report.blocks import Block, Facts, Heading, Notes, Table, Words, columns
from churnkit.report.sections import Section
from churnkit.report.wording import count, day, listed, span, tally, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from churnkit.features import Expression, FeatureMatrix, FeatureSet
    from churnkit.history import History
    from churnkit.history.check import DataReport
    from churnkit.history.check.data_report import Sheet, Support
    from churnkit.labels import ChurnDefinition
    from churnkit.scoring import Recipe

MOST_NOTES = 12
MOST_FEATURES = 20


def definition_words(churn: ChurnDefinition) -> str:
    """Say a churn definition in one line: its name and all that it fixes."""
    given = churn.model_dump(mode="json", exclude={"kind"})
    told = listed(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in given.items())
    return f"{type(churn).__name__}: {told}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) or "any") if isinstance(value, list | tuple) else str(value)


class HistorySection(Section["History"], of="History"):
    """What was read, what was set aside and why, how far each record goes."""

    def blocks(self, thing: History) -> Iterable[Block]:
        """Tell a history."""
        yield Heading(
            f"History of {count(len(thing.accounts), 'account')}",
            f"{day(thing.first_moment)} to {day(thing.last_moment)}, days in {thing.timezone}",
        )
        yield tables_read(thing)
        yield from set_aside(thing)
        yield Words(f"{count(len(thing.signals), 'dated fact')}: {signals_told(thing)}.")
        if thing.notes:
            told = [str(n) for n in thing.notes]
            rest = [f"and {count(len(told) - MOST_NOTES)} more in history.notes"] if len(told) > MOST_NOTES else []
            yield Notes((*told[:MOST_NOTES], *rest), "What the door decided")


def tables_read(history: History) -> Table:
    """Show for every source table how many rows were read, used and set aside, and where its record ends."""
    until = history.observed_until
    rows = [
        (name, count(read), count(used), count(read - used), day(until[name]) if name in until else words(None))
        for name, (read, used) in history.rows.items()
    ]
    return Table(
        columns("table", "#rows read", "#used", "#set aside", "record ends"), tuple(rows), caption="What was read"
    )


def set_aside(history: History) -> Iterable[Table]:
    """Show the rows set aside by reason, each with its first example; nothing where there are none."""
    rejected = history.rejected
    if not len(rejected):
        return
    groups = rejected.groupby(["table", "column", "reason"], sort=False, dropna=False)
    rows = [
        (f"{table}.{column}" if column else str(table), str(reason), count(len(part)), _example(part))
        for (table, column, reason), part in groups
    ]
    yield Table(columns("where", "reason", "#rows", "first"), tuple(rows), caption="What was set aside")


def _example(part: pd.DataFrame) -> str:
    first = part.iloc[0]
    shown = str(first["value"])
    return f"row {first['row']:,}" + (f', "{shown[:40]}"' if shown else "")


def signals_told(history: History) -> str:
    """Name the signals by theme, in one line."""
    signals = history.signals
    by_theme: dict[str, list[str]] = {}
    for name in signals.names:
        by_theme.setdefault(signals.themes.get(name, "usage"), []).append(name)
    return "; ".join(f"{theme}: {listed(names, most=8)}" for theme, names in by_theme.items())


class RecipeSection(Section["Recipe"], of="Recipe"):
    """What is to be learnt."""

    def blocks(self, thing: Recipe) -> Iterable[Block]:
        """Tell a recipe."""
        beside = thing.churn.horizons(thing.horizons)
        features = "the catalogue of the history" if thing.features is None else features_told(list(thing.features))
        changed = thing.learner.model_dump(mode="json", exclude_defaults=True)
        yield Heading("Recipe", definition_words(thing.churn))
        yield Facts(
            (
                ("ranks by", f"leaving within {span(thing.churn.horizon)}"),
                ("horizons", listed(str(h) for h in beside)),
                ("features", features),
                ("learner", listed(f"{k} {v}" for k, v in changed.items()) or "defaults"),
            )
        )


def features_told(features: Sequence[Expression]) -> str:
    """Count features by theme, in one line."""
    themes = tally([e.theme for e in features])
    return f"{count(len(features))} ({listed(f'{n} {theme}' for theme, n in themes)})"


def features_table(features: Sequence[Expression]) -> Table:
    """Show the first features, with what they say on silence."""
    shown = features[:MOST_FEATURES]
    left = len(features) - len(shown)
    rows = [(e.name, str(e.theme), str(e)) for e in shown]
    return Table(columns("feature", "theme", "expression"), tuple(rows), more=f"{count(left)} more" if left else "")


class FeatureSetSection(Section["FeatureSet"], of="FeatureSet"):
    """What is measured."""

    def blocks(self, thing: FeatureSet) -> Iterable[Block]:
        """Tell a set of features."""
        features = list(thing)
        yield Heading("Features", features_told(features))
        yield features_table(features)
        if thing.notes:
            yield Notes(thing.notes, "What was decided")


class FeatureMatrixSection(Section["FeatureMatrix"], of="FeatureMatrix"):
    """What was measured: its size, never sixty columns."""

    def blocks(self, thing: FeatureMatrix) -> Iterable[Block]:
        """Tell a matrix of features."""
        rows, across = thing.values.shape
        yield Heading("FeatureMatrix", f"{count(rows, 'row')} × {count(across, 'feature')}, float32")
        yield Words(features_told(list(thing.features)))
        yield features_table(list(thing.features))


class DataReportSection(Section["DataReport"], of="DataReport"):
    """What a check found: the worst first, what the data can support, and the figures behind it."""

    def blocks(self, thing: DataReport) -> Iterable[Block]:
        """Tell a check."""
        tally_of = {s: sum(f.severity == s for f in thing.findings) for s in ("error", "warning", "note")}
        yield Heading("Check of the data", listed(count(n, s) for s, n in tally_of.items() if n) or "nothing found")
        for severity, title in (("error", "Mend first"), ("warning", "Look into"), ("note", "Good to know")):
            found = tuple(str(f) for f in thing.findings if f.severity == severity)
            if found:
                yield Notes(found, title)
        yield from support_told(thing.support)
        yield from (sheet_told(sheet) for sheet in thing.sheets if sheet.rows)


def sheet_told(sheet: Sheet) -> Table:
    """Show a sheet: moments as days, and of the columns only those that are not whole."""
    heads = (n if k in ("text", "moment") else f"#{n}" for n, k in zip(sheet.columns, sheet.kinds, strict=True))
    shown = [
        tuple(cell[: len("2026-06-01")] if k == "moment" else cell for cell, k in zip(row, sheet.kinds, strict=True))
        for row in sheet.shown()
    ]
    if sheet.title != "columns":
        return Table(columns(*heads), tuple(shown), caption=sheet.title)
    kept = [told for row, told in zip(sheet.rows, shown, strict=True) if any(row[3:])]
    more = f"{count(len(shown) - len(kept), 'column')} more are filled and readable throughout"
    return Table(columns(*heads), tuple(kept), caption=sheet.title, more=more)


def support_told(support: Support) -> Iterable[Block]:
    """Tell what the data can support."""
    rate = "not known" if support.monthly_rate is None else f"{support.monthly_rate:.1%} of the accounts a month"
    yield Facts(
        (
            ("leaves counted", support.churn),
            ("accounts seen to leave", f"{support.events:,}"),
            ("rate of leaving", rate),
            ("rung of evidence", support.rung),
            ("effect of a contact", support.effect),
        )
    )
    yield Notes((support.why_rung, support.why_effect), "What this data can support")
