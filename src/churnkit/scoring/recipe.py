"""The recipe: what to learn, and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from churnkit.display import Drawable
from churnkit.errors import BadExpression, BadRecipe, HorizonError
from churnkit.features import FeatureSet
from churnkit.labels import ChurnDefinition, read_definition
from churnkit.learning import LearnerSettings
from churnkit.snapshots.barring import attributes_read
from churnkit.timeline import Span

if TYPE_CHECKING:
    from collections.abc import Mapping


class Recipe(Drawable, BaseModel):
    """What to learn: churn definition, horizons, features, learner settings.

    Parameters
    ----------
    churn
        When an account has left: ``Cancelled(...)``, ``WentQuiet(...)``.
    horizons
        Horizons learnt beside the definition's own; None: those of 30, 60, 90 and 180 days below it.
    features
        Expressions; None: the catalogue, built from the signals of the history when the model is fitted.
    learner
        Settings of the learner; the defaults need no tuning.
    bar
        Attributes that the model must not know: the catalogue makes no feature of them, and a given feature that
        reads one is refused.
    exclude
        Features, by name, and signals and attributes, with every feature that reads them, that are taken out: what
        the leak guard has warned of.
    never_show
        Attributes and signals that are never given as a reason; their effect stays in the rest.

    Examples
    --------
    >>> from churnkit import Cancelled, Recipe
    >>> Recipe(churn=Cancelled(horizon="90d")).churn.horizon.days
    90.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    churn: SerializeAsAny[ChurnDefinition]
    horizons: tuple[Span, ...] | None = None
    features: FeatureSet | None = None
    learner: LearnerSettings = Field(default_factory=LearnerSettings)
    bar: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    never_show: tuple[str, ...] = ()

    @field_validator("churn", mode="before")
    @classmethod
    def _read_churn(cls, value: Any) -> Any:
        return read_definition(value) if isinstance(value, dict) else value

    @field_validator("features", mode="before")
    @classmethod
    def _read_features(cls, value: Any) -> Any:
        if value is None or isinstance(value, FeatureSet):
            return value
        return FeatureSet.from_dict(value) if isinstance(value, dict) else FeatureSet(value)

    @model_validator(mode="after")
    def _refuse_barred(self) -> Self:
        found = [(x.name, a) for x in self.features or () for a in attributes_read(x) if a in self.bar]
        if found:
            raise BadRecipe(
                f"recipe: {len(found)} features read a barred attribute (first: {found[0][0]!r} reads "
                f"{found[0][1]!r}). Leave them out, or take the attribute from bar."
            )
        return self

    @field_serializer("features")
    def _write_features(self, value: FeatureSet | None) -> Any:
        return None if value is None else value.to_dict()

    def to_dict(self) -> dict[str, object]:
        """Give the recipe as plain data for TOML or JSON; what is None is left out."""
        data: dict[str, object] = self.model_dump(mode="json", exclude_none=True)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Recipe:
        """Read a recipe from plain data; BadRecipe names every field at fault."""
        try:
            return cls.model_validate(dict(data))
        except ValidationError as problem:
            told = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'recipe'}: {e['msg']}" for e in problem.errors())
            raise BadRecipe(f"recipe: {told}. `churnkit init` writes one that works.") from problem
        except (BadExpression, HorizonError) as problem:
            raise BadRecipe(f"recipe: {problem}") from problem

    def write(self, path: str | Path) -> Path:
        """Write the recipe as TOML."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tomli_w.dumps(self.to_dict()), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: str | Path) -> Recipe:
        """Read a recipe from a TOML file."""
        path = Path(path)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BadRecipe(f"{path}: there is no such recipe; `churnkit init {path}` writes one.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise BadRecipe(f"{path}: not a TOML file ({problem}).") from problem
        return cls.from_dict(data)
