"""Teams: the managers' rows added up along ``reports_to``."""

from __future__ import annotations

import numpy as np
import pandas as pd

_SUMS = ("accounts", "called", "hours", "hours_used", "expected_saving", "value_at_risk")
COLUMNS = ("manager_id", "name", "people", *_SUMS, "value_covered")


def roll_up(managers: pd.DataFrame) -> pd.DataFrame:
    """Add up everybody below a manager, and the manager.

    Parameters
    ----------
    managers
        ``ContactPlan.managers``. A circle of ``reports_to`` ends where it closes.

    Returns
    -------
    DataFrame
        One row per manager with reports, the largest team first.
    """
    people = managers[managers["manager_id"].notna()].reset_index(drop=True)
    boss = dict(zip(people["manager_id"], people["reports_to"], strict=True))
    below: dict[object, list[int]] = {}
    for at, who in enumerate(people["manager_id"]):
        for above in _line(who, boss):
            below.setdefault(above, []).append(at)
    bosses = {b for b in boss.values() if b in boss}
    rows = [_row(people, who, below[who]) for who in people["manager_id"] if who in bosses]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["people", "manager_id"], ascending=[False, True], kind="stable").reset_index(drop=True)


def _line(who: object, boss: dict[object, object]) -> list[object]:
    line: list[object] = []
    while who in boss and who not in line:
        line.append(who)
        who = boss[who]
    return line


def _row(people: pd.DataFrame, who: object, at: list[int]) -> dict[str, object]:
    mine = people.iloc[at]
    risk = float(mine["value_at_risk"].sum())
    covered = float((mine["value_at_risk"] * mine["value_covered"]).sum())
    return {
        "manager_id": who,
        "name": people.loc[people["manager_id"] == who, "name"].iloc[0],
        "people": len(mine),
        **{name: mine[name].sum(min_count=1) for name in _SUMS},
        "value_covered": covered / risk if risk > 0 else np.nan,
    }
