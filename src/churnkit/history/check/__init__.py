"""Checking a history: everything that is wrong with the tables, and what they can support."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.history.check.consistency import (
    find_in_accounts,
    find_in_clocks,
    find_in_surveys,
    survey_sheet,
)
from churnkit.history.check.data_report import SEVERITIES, DataReport, Finding, Sheet, Support
from churnkit.history.check.duplicates import find_duplicates
from churnkit.history.check.signals import find_in_signals, signal_sheet, tell_signals
from churnkit.history.check.support import Definition, find_in_support, support, support_sheet
from churnkit.history.check.tables import aside_sheet, column_sheet, find_in_tables, table_sheet

if TYPE_CHECKING:
    from churnkit.history.assembly import Contents
    from churnkit.history.history import History

__all__ = ["SEVERITIES", "DataReport", "Definition", "Finding", "Sheet", "Support", "check"]


def check(history: History, contents: Contents, churn: Definition | None = None) -> DataReport:
    """Look at everything once; the worst findings come first."""
    told = tell_signals(contents.signals, len(contents.accounts), contents.timezone)
    surveys = survey_sheet(contents.signals)
    able = support(history, churn)
    findings = [
        *find_in_tables(contents),
        *find_in_signals(told, contents.signals, contents.timezone),
        *find_duplicates(contents),
        *find_in_accounts(contents),
        *find_in_surveys(surveys),
        *find_in_clocks(contents),
        *find_in_support(able),
    ]
    findings.sort(key=lambda f: SEVERITIES.index(f.severity))
    sheets = (
        table_sheet(contents),
        aside_sheet(contents),
        column_sheet(contents),
        signal_sheet(told),
        *([surveys] if surveys.rows else []),
        support_sheet(able),
    )
    return DataReport(tuple(findings), sheets, able)
