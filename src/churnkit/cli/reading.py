"""What the commands are given: tables, cutoffs, a definition, a policy, and what other commands wrote."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING

from churnkit.errors import BundleError, RequestError, WrongModel

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from churnkit.contact import Policy
    from churnkit.history import History
    from churnkit.history.reading import Options
    from churnkit.reasons import Reasons
    from churnkit.scoring import ChurnModel, EvaluationReport, Recipe, Scores


class Churn(StrEnum):
    """Churn definitions that ``init`` writes."""

    cancelled = "cancelled"
    not_renewed = "not-renewed"
    went_quiet = "went-quiet"
    shrunk = "shrunk"


class Ranking(StrEnum):
    """Policies of ``plan``."""

    net_saving = "net-saving"
    risk = "risk"
    value_at_risk = "value-at-risk"


def recipe_of(churn: Churn, horizon: str | None, days: int, events: tuple[str, ...]) -> Recipe:
    """Make the recipe that ``init`` writes."""
    from churnkit.scoring import Recipe

    data: dict[str, object] = {"kind": churn.value}
    if horizon is not None:
        data["horizon"] = horizon
    if churn is Churn.went_quiet:
        data |= {"days": days, "events": list(events)}
    return Recipe.from_dict({"churn": data})


def policy_of(ranking: Ranking, value: str | None, model: ChurnModel | None, history: History) -> Policy:
    """Make the policy that ``plan`` follows; with a model, what calls do is learnt from what was decided before."""
    from churnkit.contact import ByNetSaving, ContactEffect, read_policy

    data: dict[str, object] = {"kind": ranking.value.replace("-", "_")}
    if value is not None and ranking is not Ranking.risk:
        data["value"] = value
    policy = read_policy(data)
    if model is None or not isinstance(policy, ByNetSaving):
        return policy
    return policy.model_copy(update={"effect": ContactEffect.fit(model, history)})


def history_of(data: Path, timezone: str | None, observed_until: str | None, dayfirst: bool | None) -> History:
    """Read the tables; what is None is left to ``history.toml`` beside them, then to the defaults."""
    from churnkit.history import read_history

    told: Options = {}
    if timezone is not None:
        told["timezone"] = timezone
    if observed_until is not None:
        told["observed_until"] = observed_until
    if dayfirst is not None:
        told["dayfirst"] = dayfirst
    return read_history(data, **told)


def zone_of(data: Path, timezone: str | None) -> str:
    """Find the zone that a folder's tables will be read in, before they are: as told, as in ``history.toml``, UTC."""
    from churnkit.history.options import read_settings

    return timezone or read_settings(data).timezone or "UTC"


def cutoffs_of(text: str, timezone: str) -> list[datetime]:
    """Read cutoffs: ``A:B`` monthly, ``A:B/2w`` every two weeks, else single moments with commas."""
    from churnkit.timeline import as_datetime, moments, monthly_cutoffs, weekly_cutoffs

    span, _, every = text.partition("/")
    first, colon, last = span.partition(":")
    if colon and ":" not in last and "T" not in first:
        if not every:
            return monthly_cutoffs(first.strip(), last.strip(), timezone=timezone)
        weeks = every.strip().removesuffix("w")
        if not weeks.isdigit() or int(weeks) == 0:
            raise RequestError(f'cutoffs {text!r}: after the slash stands a number of weeks, as in "{span}/2w".')
        return weekly_cutoffs(first.strip(), last.strip(), weeks=int(weeks), timezone=timezone)
    return [as_datetime(m) for m in moments([part.strip() for part in text.split(",")], timezone)]


def reasons_of(path: Path, scores: Scores) -> Reasons:
    """Read the reasons of these very scores."""
    from dataclasses import replace

    from churnkit.reasons import Reasons

    read = Reasons.read(path)
    if (read.as_of, read.model_id) != (scores.as_of, scores.model_id):
        raise WrongModel(
            f"{path}: explains scores of {read.moment} by model {read.model_id}; the scores given are of "
            f"{scores.moment} by {scores.model_id}. Run `churnkit explain` on them."
        )
    ids = {str(i): i for i in scores.frame["account_id"]}  # a .csv knows texts only
    frame, totals = (
        table.assign(account_id=table["account_id"].map(lambda i: ids.get(str(i), i)))
        for table in (read.frame, read.totals)
    )
    return replace(read, frame=frame, totals=totals)


def evaluation_of(path: Path) -> EvaluationReport:
    """Read what ``evaluate --out`` wrote."""
    from churnkit.scoring import EvaluationReport

    try:
        return EvaluationReport.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BundleError(f"{path}: not an evaluation ({problem}). `churnkit evaluate --out` writes one.") from problem
