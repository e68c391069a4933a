"""Pooling: features that tell of the same thing are one reason, fixed when the model is fitted.

Features of one theme that name the same signals first are pooled, and so are sets of signals within a theme whose
features move together. Shapley values share out the credit of correlated features almost by chance; their
sum is stable.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from churnkit.errors import BundleError, UnknownSignal
from churnkit.features.expressions import Aggregate, Attribute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.features import Expression, FeatureMatrix
    from churnkit.history import History

ACT, EXPLAIN, NEVER = "act", "explain only", "never show"
"""What may be done with a reason."""

EVERY_ACTIVITY = "every activity"
"""What a feature of all activity events is about."""

TOGETHER = 0.7
"""Mean absolute rank correlation above which two sets of signals of one theme are one reason."""

SAMPLE = 4000
"""Rows that correlations are read from."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Which features are one reason.

    Parameters
    ----------
    names
        The features, in the model's order.
    group_of
        int64 ``[p]``, the group of each feature.
    themes
        Per group its theme.
    subjects
        Per group the signals (or the attribute) that its features name first.
    actions
        Per group ``ACT``, ``EXPLAIN`` or ``NEVER``.
    typical
        float64 ``[p]``, the median over accounts at the last training cutoff; stands in for the peers' median where
        too few accounts are scored together.
    """

    names: tuple[str, ...]
    group_of: NDArray[np.int64]
    themes: tuple[str, ...]
    subjects: tuple[tuple[str, ...], ...]
    actions: tuple[str, ...]
    typical: NDArray[np.float64]

    @classmethod
    def fit(cls, matrix: FeatureMatrix, history: History | None = None, *, never: Sequence[str] = ()) -> Groups:
        """Find groups in the training rows.

        Parameters
        ----------
        matrix
            Training rows.
        history
            Where given, ``never`` may also name signals and attributes that no feature reads.
        never
            Attributes and signals that must not be shown as reasons; their effect stays in the rest.

        Raises
        ------
        UnknownSignal
            If a name in ``never`` is neither.
        """
        subjects = [_subject(feature) for feature in matrix.features]
        _check_known(never, subjects, history)
        keys = sorted({(f.theme, s) for f, s in zip(matrix.features, subjects, strict=True)})
        start = np.array(
            [keys.index((f.theme, s)) for f, s in zip(matrix.features, subjects, strict=True)], dtype=np.int64
        )
        merged = _merged(start, [theme for theme, _ in keys], _likeness(matrix.values))
        about: list[tuple[str, ...]] = [
            tuple(sorted({name for k, (_, names) in enumerate(keys) if merged[k] == g for name in names}))
            for g in range(max(merged, default=-1) + 1)
        ]
        themes = [keys[merged.index(g)][0] for g in range(len(about))]
        passive = {subject for f, subject in zip(matrix.features, subjects, strict=True) if not _reads_facts(f)}
        return cls(
            names=tuple(matrix.names),
            group_of=np.array(merged, dtype=np.int64)[start] if keys else start,
            themes=tuple(themes),
            subjects=tuple(about),
            actions=tuple(NEVER if set(a) & set(never) else EXPLAIN if a in passive else ACT for a in about),
            typical=_last_medians(matrix),
        )

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Whether each group may be shown."""
        return np.array([action != NEVER for action in self.actions], dtype=np.bool_)

    def write(self, path: str | Path) -> Path:
        """Write as JSON."""
        data = {
            "names": self.names,
            "group_of": self.group_of.tolist(),
            "themes": self.themes,
            "subjects": self.subjects,
            "actions": self.actions,
            "typical": [None if np.isnan(v) else v for v in self.typical.tolist()],
        }
        path = Path(path)
        path.write_text(json.dumps(data, indent=1), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: str | Path) -> Groups:
        """Read what :meth:`write` wrote.

        Raises
        ------
        BundleError
            If the file is not there, or not as it was written.
        """
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
            read = cls(
                names=tuple(map(str, data["names"])),
                group_of=np.array(data["group_of"], dtype=np.int64),
                themes=tuple(map(str, data["themes"])),
                subjects=tuple(tuple(map(str, s)) for s in data["subjects"]),
                actions=tuple(map(str, data["actions"])),
                typical=np.array([np.nan if v is None else v for v in data["typical"]], dtype=np.float64),
            )
        except (OSError, KeyError, TypeError, ValueError) as problem:
            raise BundleError(
                f"{path}: the groups of reasons cannot be read ({problem}); save the model again."
            ) from problem
        groups = {len(read.themes), len(read.subjects), len(read.actions)}
        if len(groups) > 1 or {len(read.group_of), len(read.typical)} != {len(read.names)}:
            raise BundleError(f"{path}: the groups of reasons contradict themselves; save the model again.")
        if len(read.group_of) and not 0 <= read.group_of.min() <= read.group_of.max() < len(read.themes):
            raise BundleError(f"{path}: a feature belongs to a group that is not there; save the model again.")
        return read


def _subject(feature: Expression) -> tuple[str, ...]:
    """What a feature is about: the signals that it names first, or the attribute; a ratio is about its upper part."""
    for part in feature.walk():
        if isinstance(part, Aggregate):
            return part.signals or (EVERY_ACTIVITY,)
        if isinstance(part, Attribute):
            return (part.column,)
    return (feature.name,)


def _reads_facts(feature: Expression) -> bool:
    return any(isinstance(part, Aggregate) for part in feature.walk())


def _check_known(never: Sequence[str], subjects: Sequence[tuple[str, ...]], history: History | None) -> None:
    """Refuse names that mean nothing: a misspelt name would bar nothing."""
    known = {name for subject in subjects for name in subject}
    if history is not None:
        known |= {*history.signals.names, *history.attributes}
    for name in never:
        if name not in known:
            raise UnknownSignal.named(name, known)


def _last_medians(matrix: FeatureMatrix) -> NDArray[np.float64]:
    last = matrix.values[matrix.cutoff == matrix.cutoff.max()] if len(matrix.cutoff) else matrix.values
    return medians(last)


def medians(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give each column's median, missing values left out; NaN where all are missing."""
    out = np.full(values.shape[1], np.nan)
    for j in range(values.shape[1]):
        seen = values[:, j][~np.isnan(values[:, j])]
        if len(seen):
            out[j] = np.median(seen)
    return out


def _likeness(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Absolute rank correlation of every two features; a missing value takes the middle rank."""
    rows = values[:: max(1, -(-len(values) // SAMPLE))].astype(np.float64)
    if len(rows) < 2:
        return np.eye(values.shape[1])
    ranks = np.empty_like(rows)
    for j in range(rows.shape[1]):
        seen = ~np.isnan(rows[:, j])
        _, place, count = np.unique(rows[seen, j], return_inverse=True, return_counts=True)
        ranks[seen, j] = (np.cumsum(count) - (count - 1) / 2.0)[place]
        ranks[~seen, j] = ranks[seen, j].mean() if seen.any() else 0.0
    ranks -= ranks.mean(axis=0)
    size = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(size > 0, size, 1.0)
    like: NDArray[np.float64] = np.abs(ranks.T @ ranks)
    return like


def _merged(start: NDArray[np.int64], themes: list[str], like: NDArray[np.float64]) -> list[int]:
    """Merge the two most alike groups of one theme until none are alike enough; numbered by first group."""
    member = (start[:, None] == np.arange(len(themes))).astype(np.float64)
    same = np.array([[one == two for two in themes] for one in themes], dtype=np.bool_).reshape(
        len(themes), len(themes)
    )
    same &= ~np.eye(len(themes), dtype=np.bool_)
    parent = list(range(len(themes)))
    while same.any():
        size = member.sum(axis=0)
        # rounded, so that the last digits of a sum cannot tip a merge
        mean = np.round(member.T @ like @ member / np.maximum(np.outer(size, size), 1.0), 6)
        one, two = sorted(divmod(int(np.argmax(np.where(same, mean, -1.0))), len(themes)))
        if mean[one, two] <= TOGETHER:
            break
        member[:, one] += member[:, two]
        member[:, two] = 0.0
        same[two, :] = same[:, two] = False
        parent = [one if p == two else p for p in parent]
    order = {g: i for i, g in enumerate(sorted(set(parent)))}
    return [order[p] for p in parent]
