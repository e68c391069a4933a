"""A blend on disk: one JSON file and LightGBM's own text per bag. No pickle; equal to the bit when read again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from churnkit.errors import BundleError
from churnkit.learning.boosted import read_booster
from churnkit.learning.calibration import Affine
from churnkit.learning.columns import Columns
from churnkit.learning.linear import Linear
from churnkit.learning.parts import Evidence, Parts, Spread
from churnkit.timeline import Span

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 3
"""Version of the layout; another one is refused, not guessed at."""

DRAWN = ("directions", "redrawn")
"""Parts of the spread that are draws of coefficients."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ColumnsFile(_Strict):
    """Columns of the logistic part, k entries each."""

    feature: list[int]
    kind: list[int]
    middle: list[float]
    scale: list[float]
    level: list[float]


class SpreadFile(_Strict):
    """The margin's uncertainty."""

    directions: list[list[float]]
    redrawn: list[list[float]]
    book: float = Field(ge=0)
    trust: float = Field(ge=0)
    widening: float = Field(ge=0)
    refit: float = Field(ge=0)
    together: float = Field(ge=0, le=1)
    unseen: float = Field(ge=0)
    floor: float = Field(ge=0)


class CalibrationFile(_Strict):
    """The increasing map."""

    slope: float = Field(gt=0)
    intercept: float
    slope_variance: float = Field(ge=0)
    level_variance: float = Field(ge=0)
    middle: float


class EvidenceFile(_Strict):
    """What the model was learnt from."""

    rows: int
    accounts: int
    events: int
    base_rate: tuple[float, ...]
    folds: int
    time_forward: bool
    l2: float
    rounds: int
    leaves: int
    overlap_weights: bool
    fold_loss: tuple[float, ...]
    held_log_loss: float | None = None
    held_base_log_loss: float | None = None
    held_auc: float | None = None


class BlendFile(_Strict):
    """Everything of a blend but its trees."""

    schema_version: int
    names: tuple[str, ...]
    categorical: tuple[int, ...]
    horizons: tuple[str, ...]
    main: int
    columns: ColumnsFile
    center: list[float]
    coef: list[float]
    steps: list[float]
    bags: int
    weight: float = Field(ge=0, le=1)
    calibration: CalibrationFile
    spread: SpreadFile
    rung: str
    evidence: EvidenceFile
    notes: tuple[str, ...]


def write_parts(parts: Parts, folder: Path) -> None:
    """Write ``blend.json`` and ``bag_0.txt``, ``bag_1.txt`` ... into a folder, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    linear, spread = parts.linear, parts.uncertainty
    plain = BlendFile(
        schema_version=SCHEMA,
        names=parts.names,
        categorical=parts.categorical,
        horizons=tuple(str(h) for h in parts.horizons),
        main=parts.main,
        columns=ColumnsFile.model_validate(linear.columns.to_dict()),
        center=linear.center.tolist(),
        coef=linear.coef.tolist(),
        steps=linear.steps.tolist(),
        bags=len(parts.boosters),
        weight=parts.weight,
        calibration=CalibrationFile(**parts.calibration.to_dict()),
        spread=SpreadFile.model_validate({**asdict(spread), **{d: getattr(spread, d).tolist() for d in DRAWN}}),
        rung=parts.rung,
        evidence=EvidenceFile.model_validate(asdict(parts.evidence)),
        notes=parts.notes,
    )
    # json writes the shortest text that reads back as the same float.
    text = json.dumps(plain.model_dump(), indent=1, allow_nan=False, ensure_ascii=False)
    (folder / "blend.json").write_text(text + "\n", encoding="utf-8")
    for bag, booster in enumerate(parts.boosters):
        (folder / f"bag_{bag}.txt").write_text(booster, encoding="utf-8", newline="\n")


def read_parts(folder: Path) -> Parts:
    """Read what :func:`write_parts` wrote.

    Raises
    ------
    BundleError
        If a file is missing, damaged, of another schema, or its parts do not fit together.
    """
    plain = _read(folder)
    _audit(plain, folder)
    boosters = tuple(_text(folder / f"bag_{bag}.txt") for bag in range(plain.bags))
    _check_bags(boosters, len(plain.names), folder)
    columns = Columns.from_dict(plain.columns.model_dump())
    linear = Linear(columns, *(np.array(part, dtype=np.float64) for part in (plain.center, plain.coef, plain.steps)))
    spread, k = plain.spread, len(plain.coef)
    drawn = [np.array(d, dtype=np.float64).reshape(len(d), k) for d in (spread.directions, spread.redrawn)]
    return Parts(
        names=plain.names,
        categorical=plain.categorical,
        horizons=tuple(Span.of(h) for h in plain.horizons),
        main=plain.main,
        linear=linear,
        boosters=boosters,
        weight=plain.weight,
        calibration=Affine(**plain.calibration.model_dump()),
        uncertainty=Spread(drawn[0], drawn[1], **spread.model_dump(exclude=set(DRAWN))),
        rung=plain.rung,
        evidence=Evidence(**plain.evidence.model_dump()),
        notes=plain.notes,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BundleError(f"{path.name}: cannot be read ({problem}); save the model again.") from problem


def _read(folder: Path) -> BlendFile:
    try:
        loose = json.loads(_text(folder / "blend.json"))
        if isinstance(loose, dict) and loose.get("schema_version") != SCHEMA:
            raise BundleError(
                f"blend.json: schema {loose.get('schema_version')!r}, this churnkit reads {SCHEMA}; "
                f"fit the model again with this version."
            )
        return BlendFile.model_validate(loose)
    except (json.JSONDecodeError, ValidationError) as problem:
        raise BundleError(f"blend.json: damaged ({problem}); save the model again.") from problem


def _audit(plain: BlendFile, folder: Path) -> None:
    """Check that the parts fit together before anything is made of them."""
    k, p = len(plain.coef), len(plain.names)
    columns = plain.columns
    lengths = {len(part) for part in (columns.feature, columns.kind, columns.middle, columns.scale, columns.level)}
    lengths |= {len(plain.center)} | {len(draw) for drawn in DRAWN for draw in getattr(plain.spread, drawn)}
    fits = lengths == {k} and len(plain.steps) == len(plain.horizons) and 0 <= plain.main < len(plain.horizons)
    fits = fits and plain.steps == sorted(plain.steps) and all(0 <= j < p for j in columns.feature)
    if not fits:
        raise BundleError(f"{folder / 'blend.json'}: its parts do not fit together; save the model again.")


def _check_bags(boosters: tuple[str, ...], p: int, folder: Path) -> None:
    """Check that every bag can be read and has the model's features and the horizon."""
    try:
        widths = {read_booster(text).num_feature() for text in boosters}
    except lgb.basic.LightGBMError as problem:
        raise BundleError(f"{folder}: a bag's text is damaged ({problem}); save the model again.") from problem
    if widths - {p + 1}:
        raise BundleError(f"{folder}: bags on {widths} columns, the model has {p} features; save the model again.")
