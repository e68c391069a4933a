"""Problems of the capacity plan, and the oracle that tries every subset of calls."""

from itertools import product

import numpy as np

from churnkit.contact.problem import Problem


def problem(rows, limit, *, unit=None, musts=(), counted="hours"):
    """State a problem from (account, pool, use, worth)."""
    row, pool, use, worth = (np.array(c) for c in zip(*rows, strict=True))
    n = int(row.max()) + 1
    return Problem(
        row=row.astype(np.int64),
        pool=pool.astype(np.int64),
        use=use.astype(float),
        worth=worth.astype(float),
        limit=np.array(limit, dtype=float),
        unit=np.arange(n) if unit is None else np.array(unit),
        musts=musts,
        counted=counted,
    )


def brute_force(p):
    """Try every subset of calls, all conditions spelled out anew."""
    best = None
    for pick in product([False, True], repeat=len(p)):
        at = [i for i, taken in enumerate(pick) if taken]
        rows = [int(p.row[i]) for i in at]
        if len(set(rows)) < len(rows):
            continue
        used = [sum(p.use[i] for i in at if p.pool[i] == k) for k in range(len(p.limit))]
        if any(u > limit + 1e-9 for u, limit in zip(used, p.limit, strict=True)):
            continue
        if any(len(set(rows) & set(m.rows.tolist())) < m.least for m in p.musts):
            continue
        callable_rows = set(p.row.tolist())
        parted = [
            u for u in set(p.unit.tolist())
            if 0 < len([r for r in rows if p.unit[r] == u]) < len([r for r in callable_rows if p.unit[r] == u])
        ]  # fmt: skip
        if parted:
            continue
        total = sum(p.worth[i] for i in at)
        best = total if best is None else max(best, total)
    return best


def least_more(p):
    """Try every subset that meets the musts, calls nobody twice and parts no unit: the least time beyond the limits."""
    best = None
    for pick in product([False, True], repeat=len(p)):
        at = [i for i, taken in enumerate(pick) if taken]
        rows = [int(p.row[i]) for i in at]
        if len(set(rows)) < len(rows) or any(len(set(rows) & set(m.rows.tolist())) < m.least for m in p.musts):
            continue
        callable_rows = set(p.row.tolist())
        if any(
            0 < len([r for r in rows if p.unit[r] == u]) < len([r for r in callable_rows if p.unit[r] == u])
            for u in set(p.unit.tolist())
        ):
            continue
        used = [sum(p.use[i] for i in at if p.pool[i] == k) for k in range(len(p.limit))]
        more = sum(max(0.0, u - limit) for u, limit in zip(used, p.limit, strict=True))
        best = more if best is None else min(best, more)
    return best
