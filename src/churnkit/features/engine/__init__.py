"""The sweep: features of many accounts at many cutoffs in one pass over the facts.

Expressions become a flat program (:mod:`.program`), facts are grouped by account (:mod:`.grouping`),
and :mod:`.sweep` walks each account once for all of its cutoffs: facts of each list in their order,
window boundaries found in them, sums by difference of running sums that keep twice the digits
(:mod:`.sums`), everything else merged from aligned blocks (:mod:`.moments`). A value depends on what
was known at its cutoff and on nothing else: not on the other rows, the other features, the order of
the input or the number of threads.
"""

from churnkit.features.engine.evaluation import evaluate

__all__ = ["evaluate"]
