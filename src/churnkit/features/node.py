"""What every written-down thing of this room is: a frozen model that refuses with a typed error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_serializer, model_validator

from churnkit.errors import BadExpression

if TYPE_CHECKING:
    from pydantic import ModelWrapValidatorHandler, SerializerFunctionWrapHandler


class Node(BaseModel):
    """A part of an expression: equal where its content is equal, plain data in and out."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as problem:
            raise unreadable(problem, cls.__name__) from problem

    @model_serializer(mode="wrap")
    def _write(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out what is not set, so that a recipe stays readable and TOML can hold it."""
        written: dict[str, object] = handler(self)
        return {key: value for key, value in written.items() if value is not None and (key, value) != ("ending", "0d")}

    def to_dict(self) -> dict[str, object]:
        """Give plain data for TOML or JSON."""
        data: dict[str, object] = self.model_dump(mode="json", by_alias=True)
        return data


def unreadable(problem: ValidationError, what: str) -> BadExpression:
    """Say of data that are no expression what is wrong with them."""
    first = problem.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" ({problem.error_count() - 1} more)" if problem.error_count() > 1 else ""
    return BadExpression(
        f"{what}{'.' if where else ''}{where}: {first['msg']}{more}, got {str(first['input'])[:60]!r}."
    )
