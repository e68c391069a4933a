"""Reasons: why each account stands where it stands, in numbers that add up and in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from churnkit.display import Drawable
from churnkit.errors import RequestError, UnknownAccount
from churnkit.reasons.choosing import Facts, choose, tall, totals
from churnkit.reasons.exact import Explainer
from churnkit.reasons.files import read_reasons, write_reasons
from churnkit.timeline import as_text

if TYPE_CHECKING:
    import pandas as pd

    from churnkit.features import FeatureMatrix
    from churnkit.learning.blend import Blend
    from churnkit.reasons.groups import Groups
    from churnkit.timeline import Span

COLUMNS = ("account_id", "place", "theme", "feature", "sentence", "effect", "points")
"""Columns of ``reasons.frame`` that never change; others may follow."""


@dataclass(frozen=True, eq=False, repr=False)
class Reasons(Drawable):
    """Why, for every account.

    Parameters
    ----------
    frame
        One row per account and reason, accounts in the order asked: account_id; place (1, 2, ...: first those that
        raise the risk, the strongest first, then those that lower it); theme; feature (the one that carries most of
        the reason); sentence; effect (log-odds, of all the reason's features together); points (the same in points
        of probability: 0.01 is one percentage point); value, earlier, peers (of the feature; NaN where unknown);
        direction (``"raises"`` or ``"lowers"``); action (``"act"`` or ``"explain only"``); stable (the share of
        refits on redrawn accounts in which the reason would keep its sign and place, see ``stability``: below 0.5 it
        flips; NaN where the blend holds no refits);
        from and to (the time that the feature looks at, half open; from is empty where that is all the past).
    totals
        One row per account: account_id; log_odds and probability; base and base_probability, of nobody in
        particular; shown and rest (log-odds: base + shown + rest = log_odds); rest_points.
    horizon
        The horizon that is explained.
    notes
        What a reader should know.
    as_of, model_id
        The moment of the scores (microseconds UTC) and the model that made them; None and empty where not known.
    """

    frame: pd.DataFrame
    totals: pd.DataFrame
    horizon: Span
    notes: tuple[str, ...] = ()
    as_of: int | None = None
    model_id: str = ""

    def __len__(self) -> int:
        return len(self.totals)

    @property
    def moment(self) -> str:
        """The moment of the scores in words."""
        return "an unknown moment" if self.as_of is None else as_text(self.as_of)

    def of(self, account_id: object) -> pd.DataFrame:
        """Give the reasons of one account, the first place first.

        Raises
        ------
        UnknownAccount
            If it was not explained.
        """
        if not (self.totals["account_id"] == account_id).any():
            raise UnknownAccount.named(account_id, self.totals["account_id"])
        return self.frame[self.frame["account_id"] == account_id].reset_index(drop=True)

    def write(self, path: str | Path) -> Path:
        """Write one table: a row per reason with the totals of its account beside it, as_of and model_id kept.

        Parameters
        ----------
        path
            Ends in .parquet or .csv. An account without a reason has one row without a place.

        Raises
        ------
        RequestError
            If the ending is another one.
        """
        return write_reasons(self, Path(path))

    @classmethod
    def read(cls, path: str | Path) -> Reasons:
        """Read what :meth:`write` wrote.

        Raises
        ------
        BundleError
            If the file is not there, or not one of reasons.
        """
        return cls(**read_reasons(Path(path)))


def explain(  # noqa: PLR0913 - a public verb of words, all but two by name
    blend: Blend,
    matrix: FeatureMatrix,
    earlier: FeatureMatrix | None,
    *,
    horizon: Span | str,
    groups: Groups,
    account_ids: pd.Index,
    top: int = 3,
    protective: int = 2,
    locale: str = "en",
    currency: str = "",
    threads: int | None = None,
) -> Reasons:
    """Give each account's reasons.

    Parameters
    ----------
    blend
        The fitted learner.
    matrix
        Features of the accounts, now.
    earlier
        The same rows at an earlier moment, for comparison with the account's own past; None: no comparison.
    horizon
        One of the blend's horizons.
    groups
        Which features are one reason.
    account_ids
        The accounts' ids, in the order of the rows.
    top
        How many reasons that raise the risk an account gets at most.
    protective
        How many that lower it, at most.
    locale
        Language and number forms of the sentences.
    currency
        ISO code of the currency that money is in; empty: amounts are bare numbers.
    threads
        How many threads share the rows; the result does not depend on it.

    Returns
    -------
    Reasons

    Raises
    ------
    WrongModel
        If features, groups and model do not belong together.
    HorizonError
        If the blend has not learnt the horizon.
    RequestError
        If ``top`` or ``protective`` is negative, or there are no words for ``locale``.
    """
    if top < 0 or protective < 0:
        raise RequestError(f"reasons: top={top}, protective={protective}: neither can be negative; top=3 is usual.")
    facts = Facts(matrix, earlier, groups, currency)
    facts.check(tuple(blend.names))
    explainer = Explainer.of(blend, horizon)
    chosen = choose(explainer, facts, top, protective, locale=locale, threads=threads)
    frame, whole = tall(facts, chosen, explainer.base), totals(chosen, explainer.base)
    frame.insert(0, "account_id", account_ids.take(frame.pop("row").to_numpy()))
    whole.insert(0, "account_id", account_ids)
    notes = explainer.notes + chosen.stability.notes()
    return Reasons(frame=frame, totals=whole, horizon=blend.horizons[explainer.horizon], notes=notes)
