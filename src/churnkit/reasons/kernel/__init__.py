"""Exact Shapley values of trees, compiled: what the rest of the house calls.

The value of a path-dependent game (Lundberg et al. 2020) at a leaf is a product over the features of
its path, so its Shapley values are integrals over [0, 1] of polynomials in t, the chance that a feature
takes part (Owen 1972). A Gauss-Legendre rule with ceil(depth / 2) points integrates them exactly.

Let a node send a share w of its training rows to its first child, let u be 1 if the row has met all
earlier splits on the same feature and a be 1 if it meets this one, and let w' be the product of the
cover ratios of those earlier splits. Then, with d = u (a - w), e = t / (w' + t (1 - w')):

* going down, the product over the path so far is P(first) = P r and P(second) = P (1 - r), where
  r = w + e d;
* going up, the leaves' sum without the path above is H = H(second) + r (H(first) - H(second));
* the feature of the node receives d times the integral of P g (H(first) - H(second)), where
  g = w' / (w' + t (1 - w'))^2; for a feature met for the first time e = t and g = 1.

Every r lies in [0, 1], so nothing cancels and nothing overflows, at any depth and for any cover.
A row costs O(nodes x points).

References
----------
Lundberg, S. M. et al. (2020). From local explanations to global understanding with explainable AI for
trees. Nature Machine Intelligence 2, 56-67. (The game, and TreeSHAP in O(leaves x depth^2).)
Yang, J. (2021). Fast TreeSHAP: accelerating SHAP value computation for trees. arXiv:2109.09847.
Yu, P., Xu, C., Bifet, A. and Read, J. (2022). Linear TreeShap. NeurIPS 35, 25818-25828.
(Carrying a polynomial down and sums up; nodes of an interpolation instead of coefficients.)
Nadel, A. and Wettenstein, R. (2026). From decision trees to Boolean logic: a fast and unified SHAP
algorithm (Woodelf). AAAI 40. (Another route, by patterns of decisions; good for shallow trees.)
Wettenstein, R., Mitchell, R. and Yu, P. (2026). Quadrature-TreeSHAP: depth-independent TreeSHAP and
Shapley interactions. arXiv:2605.04497. (Gauss-Legendre quadrature of the same integral.)
Owen, G. (1972). Multilinear extensions of games. Management Science 18, 64-79.
"""

from __future__ import annotations

from churnkit.reasons.kernel.pick import NOTHING, Picked, pick
from churnkit.reasons.kernel.program import Program, lowered
from churnkit.reasons.kernel.run import over_chunks, shapley_values
from churnkit.reasons.kernel.sums import add_columns, by_group, outlast

__all__ = [
    "NOTHING",
    "Picked",
    "Program",
    "add_columns",
    "by_group",
    "lowered",
    "outlast",
    "over_chunks",
    "pick",
    "shapley_values",
]
