"""The fitted whole: recipe, model, scores, evaluation, bundle."""

from churnkit.scoring.card import ModelCard
from churnkit.scoring.evaluation import EvaluationReport, evaluate
from churnkit.scoring.model import ChurnModel
from churnkit.scoring.recipe import Recipe
from churnkit.scoring.risk import AccountRisk, ReasonLine
from churnkit.scoring.scores import Scores

__all__ = [
    "AccountRisk",
    "ChurnModel",
    "EvaluationReport",
    "ModelCard",
    "ReasonLine",
    "Recipe",
    "Scores",
    "evaluate",
]
