"""What a plan is once made: the list, the managers' hours, the decisions, the notes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.contact.interval import UNKNOWN, Interval
from churnkit.contact.standing import CONTACT
from churnkit.contact.teams import roll_up
from churnkit.display import Drawable
from churnkit.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from churnkit.contact.policies import Policy
    from churnkit.contact.rules import ContactRules
    from churnkit.history import History
    from churnkit.reasons import Reasons
    from churnkit.scoring import Scores
    from churnkit.timeline import Span


@dataclass(frozen=True, eq=False, repr=False)
class ContactPlan(Drawable):
    """Whom to contact first, by whom, for how long, and what it is worth.

    Attributes
    ----------
    frame
        One row per scored or excluded account, the list first, in the order of calling. Columns, fixed:
        rank (1, 2, ...; empty off the list), account_id, manager_id (who calls; off the list the owner), role,
        minutes, probability (of leaving within the main horizon), value_at_stake, net_saving,
        cost_of_waiting (a week), evidence, top_k_probability, reason_1 to reason_3, status (contact, over
        capacity, cool-down, holdout, do-not-contact, no expected gain, data, gone), status_why. Then name,
        parent_id, net_saving_low and net_saving_high (90 % interval), week (of calls; 1: the coming one), size,
        theme, low, high, the probabilities by horizon, probability_uncalled (p0: of leaving without a call, as the
        effect has it; what is saved is a share of it), signs (what the signs of trouble say, and how surely),
        percentile (per cent of the book with a lower probability),
        base_rate (mean probability of the segment, or of the book), protective_1 and protective_2, renewal,
        ends_by_itself (the contract ends on the day of its renewal unless it is signed again, within the main horizon),
        last_contact, last_outcome, open_tickets, last_nps, nps_age_days, completeness (share of the model's
        features that have a value), observed_until, change and weeks_on_list (since ``previous``), as_of, rung (of
        evidence, that the model stands on), model_id, run_id (the plan's).
    managers
        One row per manager: manager_id, name, reports_to, accounts, called, hours (empty where contacts are
        counted), hours_used, contacts (the limit where contacts are counted; that of the book stands in every
        row), shadow_price (what one more hour, or contact, would save; empty where the
        policy only sorts), expected_saving, value_at_risk
        (probability_uncalled x value over the manager's accounts), value_covered (share of it on the list).
    decisions
        One row per eligible account, contacted or not, in the columns of the ``decisions`` table.
    notes
        What was assumed, counted and could not be told.
    plan_id
        Made of what the plan says: equal plans have equal ids.
    as_of, horizon, model_id
        Of the scores.
    unit
        What values and savings are counted in.
    gap
        How much better a plan could be at most, as a share (0: none is better; ``optimises`` policies only).
    interval
        Expected net saving of the whole list, with the 90 % interval of the truth about it.
    scores, reasons, history
        What the plan was made from, for its page; None where there were none.
    """

    frame: pd.DataFrame
    managers: pd.DataFrame
    decisions: pd.DataFrame
    notes: tuple[str, ...]
    plan_id: str
    as_of: int
    horizon: Span
    model_id: str
    policy: Policy
    rules: ContactRules
    unit: str
    gap: float
    interval: Interval = UNKNOWN
    scores: Scores | None = None
    reasons: Reasons | None = None
    history: History | None = None

    def __len__(self) -> int:
        return int((self.frame["status"] == CONTACT).sum())

    @property
    def contacts(self) -> pd.DataFrame:
        """The list alone: the accounts to call, first first."""
        return self.frame[self.frame["status"] == CONTACT]

    @property
    def total(self) -> float:
        """Expected net saving of the whole list."""
        return float(self.contacts["net_saving"].sum())

    @property
    def teams(self) -> pd.DataFrame:
        """One row per manager to whom others report, with all below him or her, and himself or herself.

        Columns: manager_id, name, people, accounts, called, hours, hours_used, expected_saving, value_at_risk,
        value_covered (share of it on the list).
        """
        return roll_up(self.managers)

    def to_html(self, path: str | Path) -> Path:
        """Write the plan as one self-contained page."""
        draw = import_module("churnkit.report").page
        page: str = draw(self, scores=self.scores, reasons=self.reasons, history=self.history)
        return _put(path, page)

    def to_csv(self, path: str | Path) -> Path:
        """Write the frame as CSV."""
        return _put(path, self.frame.to_csv(index=False, lineterminator="\n"))

    def to_parquet(self, path: str | Path) -> Path:
        """Write the frame as Parquet."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.frame.to_parquet(path, index=False)
        return path

    def commit(self, folder: str | Path) -> Path:
        """Write down what was decided, so that its effect can be measured.

        ``decisions`` gets one row per eligible account, contacted or not; ``planned_contacts`` one row per
        call, in the columns of ``contacts`` (move a row there once the call is carried out; until then the
        decision itself counts for cool-downs). A file that is there (CSV or Parquet) is added to, otherwise
        Parquet is written. Committing a plan again replaces its rows, and a plan of a moment takes the place of an
        earlier one of the same moment and accounts: what was decided last is what counts.

        Parameters
        ----------
        folder
            The folder that ``read_history`` reads, or one of its own.

        Returns
        -------
        Path
            The folder.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in (("decisions", self.decisions), ("planned_contacts", self._planned())):
            _add(folder, name, rows, self._replaces)
        return folder

    def _replaces(self, before: pd.DataFrame) -> pd.Series:
        """Mark the rows of a table that this plan replaces: its own, and those of another one of its moment."""
        if "plan_id" not in before:
            return pd.Series(np.zeros(len(before), dtype=np.bool_), index=before.index)
        plan = before["plan_id"].astype(object)
        same = plan == self.plan_id
        if not {"decided_at", "account_id"} <= set(before.columns):
            return same
        decided = pd.to_datetime(before["decided_at"], utc=True, errors="coerce", format="mixed")
        moment = decided == pd.Timestamp(self.as_of, unit="us", tz="UTC")
        mine = before["account_id"].astype(str).isin(self.frame["account_id"].astype(str))
        return same | (plan.notna() & (plan != "") & moment & mine)

    def _planned(self) -> pd.DataFrame:
        made = self.decisions[self.decisions["contact"]].merge(
            self.contacts[["account_id", "minutes", "week"]], on="account_id", how="left", validate="one_to_one"
        )
        return pd.DataFrame(
            {
                "account_id": made["account_id"],
                "contacted_at": made["decided_at"] + pd.to_timedelta(7 * (made["week"].astype("int64") - 1), unit="D"),
                "manager_id": made["manager_id"],
                "role": made["role"],
                "minutes": made["minutes"],
                "assignment": made["assignment"],
                "propensity": made["propensity"],
                "outcome": pd.Series(["planned"] * len(made), dtype=object),
                "decided_at": made["decided_at"],
                "plan_id": made["plan_id"],
            }
        )


def _put(path: str | Path, text: str) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _add(folder: Path, name: str, rows: pd.DataFrame, replaces: Callable[[pd.DataFrame], pd.Series]) -> None:
    """Add rows to a table of a folder in place of those that are marked; all else stays as it is."""
    csv, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
    try:
        if csv.exists():
            before = pd.read_csv(csv, dtype=str, keep_default_na=False)
            rows = rows.map(_cell).astype(object)
        elif parquet.exists():
            before = pd.read_parquet(parquet)
        else:
            before = rows.iloc[:0]
    except (OSError, ValueError) as problem:
        raise UnreadableFile(
            f"{folder / name}: cannot be added to ({problem}). Move the file away, or commit elsewhere."
        ) from problem
    before = before[~replaces(before).to_numpy(dtype=np.bool_)]
    if len(before):
        if not csv.exists():
            before, rows = _alike(before, rows)
        rows = pd.concat([before, rows], ignore_index=True)
    if csv.exists():
        _put(csv, rows.fillna("").to_csv(index=False, lineterminator="\n"))
    else:
        rows.to_parquet(parquet, index=False)


def _alike(before: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring two tables to the same columns and types, so that ids of numbers and texts can stand in one column."""
    columns = [*before.columns, *(c for c in rows.columns if c not in before.columns)]
    before, rows = before.reindex(columns=columns), rows.reindex(columns=columns)
    for name in columns:
        one, two = before[name].dtype, rows[name].dtype
        if one == two:
            continue
        if before[name].isna().all() or rows[name].isna().all():
            kind = two if before[name].isna().all() else one
            kind = "object" if kind == "bool" else kind
            before[name], rows[name] = before[name].astype(kind), rows[name].astype(kind)
        elif pd.api.types.is_datetime64_any_dtype(one) and pd.api.types.is_datetime64_any_dtype(two):
            before[name] = _utc(before[name])
        elif not (pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(two)):
            before[name], rows[name] = before[name].map(_cell), rows[name].map(_cell)
    return before, rows


def _utc(column: pd.Series) -> pd.Series:
    aware = column.dt.tz_localize("UTC") if column.dt.tz is None else column.dt.tz_convert("UTC")
    return aware.dt.as_unit("us")


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return ""
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)
