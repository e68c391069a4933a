"""What people write down for a plan: frozen, refused with one clear message where it has no meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from churnkit.errors import BadPlan, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

W = TypeVar("W", bound="Written")


class Written(BaseModel):
    """A frozen model whose faults are raised as BadPlan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: ClassVar[str] = "the plan"
    """How a message calls it."""

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as problem:
            told = "; ".join(f"{'.'.join(map(str, e['loc'])) or self.what}: {e['msg']}" for e in problem.errors())
            raise BadPlan(f"{type(self).__name__}: {told}. Correct the field or leave it out.") from problem


def read_kind(data: Mapping[str, object], known: Mapping[str, type[W]], what: str) -> W:
    """Read the TOML or JSON form of a class that has registered itself under its kind."""
    kind = str(data.get("kind", ""))
    if kind not in known:
        raise BadPlan(f"{what} kind {kind!r} is unknown{did_you_mean(kind, known)}; there are {', '.join(known)}.")
    return known[kind](**dict(data))
