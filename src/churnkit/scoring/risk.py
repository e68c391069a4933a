"""AccountRisk: what a service answers about one account."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from churnkit.display import Drawable


class ReasonLine(BaseModel):
    """One reason, as in ``reasons.frame``.

    Attributes
    ----------
    place
        1 is the strongest.
    theme, feature
        What it is about, and the feature that carries most of it.
    sentence
        In words.
    effect
        Contribution to the log-odds; positive raises the risk.
    points
        The same in points of probability: 0.01 is one percentage point.
    direction, action
        Whether it raises or lowers the risk, and whether something can be done about it: ``"act"`` or
        ``"explain only"``.
    """

    model_config = ConfigDict(frozen=True)

    place: int
    theme: str
    feature: str
    sentence: str
    effect: float
    points: float
    direction: str = "raises"
    action: str = "act"


class AccountRisk(Drawable, BaseModel):
    """The risk of one account at one moment, ready for JSON.

    Attributes
    ----------
    account_id, as_of
        Whom, and when: only what was known before ``as_of`` counts.
    probability
        Of leaving within the main horizon; ``probabilities`` has every horizon (``"30d"``).
    low, high
        90 % interval of ``probability``.
    log_odds
        Calibrated; the reasons' effects and their rest add up to it.
    rung
        The rung of evidence that the model stands on.
    model_id, book_as_of
        Which model, and of when the peers' values are.
    base, base_probability
        Where the model starts before it knows anything of the account: log-odds, and as a probability.
    rest, rest_points
        What the reasons leave, log-odds and points: base + effects of the reasons + rest = log_odds, and
        base_probability + points of the reasons + rest_points = probability.
    reasons
        The strongest first.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    account_id: str
    as_of: datetime
    horizon: str
    probability: float
    probabilities: dict[str, float]
    low: float
    high: float
    log_odds: float
    rung: str
    model_id: str
    book_as_of: datetime | None
    base: float
    base_probability: float
    rest: float
    rest_points: float
    reasons: tuple[ReasonLine, ...] = ()
