"""Learning: calibrated probabilities of leaving, on plain arrays. It knows nothing of accounts' histories."""

from churnkit.learning.blend import Blend, Prediction
from churnkit.learning.fitting import fit_blend
from churnkit.learning.parts import Evidence
from churnkit.learning.rows import Rows
from churnkit.learning.settings import LearnerSettings

__all__ = ["Blend", "Evidence", "LearnerSettings", "Prediction", "Rows", "fit_blend"]
