"""What we call churn."""

from churnkit.labels.cancelled import Cancelled
from churnkit.labels.definitions import DEFINITIONS, AnyDefinition, ChurnDefinition, Standing, read_definition
from churnkit.labels.labelling import UNKNOWN, Labels, label, purge, reporting_end
from churnkit.labels.quiet import WentQuiet

__all__ = [
    "DEFINITIONS",
    "UNKNOWN",
    "AnyDefinition",
    "Cancelled",
    "ChurnDefinition",
    "Labels",
    "Standing",
    "WentQuiet",
    "label",
    "purge",
    "read_definition",
    "reporting_end",
]
