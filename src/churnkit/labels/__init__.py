"""What we call churn."""

from churnkit.labels.auditing import LabelAudit, audit, sensitivity
from churnkit.labels.cancelled import Cancelled
from churnkit.labels.definitions import DEFINITIONS, AnyDefinition, ChurnDefinition, Source, Standing, read_definition
from churnkit.labels.labelling import UNKNOWN, WHY, Labels, label, purge, reporting_end, standing
from churnkit.labels.not_renewed import NotRenewed
from churnkit.labels.quiet import WentQuiet
from churnkit.labels.quiet_days import QuietDays, suggest_quiet_days
from churnkit.labels.shrunk import Shrunk

__all__ = [
    "DEFINITIONS",
    "UNKNOWN",
    "WHY",
    "AnyDefinition",
    "Cancelled",
    "ChurnDefinition",
    "LabelAudit",
    "Labels",
    "NotRenewed",
    "QuietDays",
    "Shrunk",
    "Source",
    "Standing",
    "WentQuiet",
    "audit",
    "label",
    "purge",
    "read_definition",
    "reporting_end",
    "sensitivity",
    "standing",
    "suggest_quiet_days",
]
