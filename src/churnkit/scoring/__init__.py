"""The fitted whole: recipe, model, scores, evaluation, backtest, bundle."""

from churnkit.scoring.card import ModelCard
from churnkit.scoring.evaluation import EvaluationReport, evaluate
from churnkit.scoring.model import ChurnModel
from churnkit.scoring.recipe import Recipe
from churnkit.scoring.replay import BacktestReport, backtest
from churnkit.scoring.risk import AccountRisk, ReasonLine
from churnkit.scoring.scores import Scores

__all__ = [
    "AccountRisk",
    "BacktestReport",
    "ChurnModel",
    "EvaluationReport",
    "ModelCard",
    "ReasonLine",
    "Recipe",
    "Scores",
    "backtest",
    "evaluate",
]
