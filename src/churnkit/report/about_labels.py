"""Sections on what is called churn: the audit of labels, the days of silence that mean gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.report.about_data import definition_words
from churnkit.report.blocks import Block, Heading, Table, Words, columns
from churnkit.report.sections import Section
from churnkit.report.wording import count, percent, tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from churnkit.labels import LabelAudit, QuietDays


class LabelAuditSection(Section["LabelAudit"], of="LabelAudit"):
    """How many labels there are of each kind and horizon, and what the definition's settings do to the rate."""

    def blocks(self, thing: LabelAudit) -> Iterable[Block]:
        """Tell an audit."""
        frame = thing.frame
        yield Heading(f"Audit of {count(len(frame), 'label')}", definition_words(thing.definition))
        horizons = list(dict.fromkeys(frame["horizon"]))
        kinds = [str(kind) for kind, _ in tally(frame["why"])]
        counts = frame.groupby(["horizon", "why"]).size()
        rows = [(kind, *(count(int(counts.get((h, kind), 0))) for h in horizons)) for kind in kinds]
        yield Table(columns("why", *(f"#{h}" for h in horizons)), tuple(rows), caption="Labels by horizon")
        told = [
            (
                str(r.setting),
                count(int(r.labels)),
                count(int(r.leaves)),
                percent(r.rate),
                percent(r.difference, signed=True),
            )
            for r in thing.sensitivity.itertuples()
        ]
        yield Table(
            columns("setting", "#labels", "#leaves", "#rate", "#difference"),
            tuple(told),
            caption=f"The rate within {thing.definition.horizon} under other settings",
        )


class QuietDaysSection(Section["QuietDays"], of="QuietDays"):
    """How many silences of each length end in a return, and which length is proposed."""

    def blocks(self, thing: QuietDays) -> Iterable[Block]:
        """Tell a proposal."""
        frame = thing.frame
        yield Heading(f"Gone after {count(thing.days, 'day')} of silence", f"WentQuiet(days={thing.days})")
        yield Words(thing.why)
        rows = [
            (str(r.days), count(r.silences), count(r.returned), count(r.still_silent), percent(r.return_share))
            for r in frame.itertuples()
        ]
        yield Table(
            columns("#days", "#silences", "#returned", "#still silent", "#end in a return"),
            tuple(rows),
            caption="Silences that lasted so long",
            strong=frozenset(i for i, proposed in enumerate(frame["proposed"]) if proposed),
        )
