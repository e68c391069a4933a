"""Derived names: readable, unique for what they name, never parsed back.

A signal or label whose text would blur the grammar (spaces, capitals, a word such as ``over``, an
ending such as ``30d``) gets four hex digits of its hash. The parts of a compound stand apart by as many
underscores as it is high, so that ``(a - b) / c`` and ``a - b / c`` have different names.
"""

from __future__ import annotations

import re
from hashlib import sha256

from churnkit.errors import BadExpression

_LONGEST = 160
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_WINDOW = re.compile(r"\d+(p\d+)?[hd]")
_WORDS = frozenset(
    [
        "over",
        "plus",
        "minus",
        "times",
        "or",
        "and",
        "not",
        "where",
        "ending",
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "ne",
        "is",
        "isnt",
        "any",
        "then",
        "else",
        "if",
        "within",
        "more",
    ]
)
SIGNS = {
    "+": "plus", "-": "minus", "*": "times", "/": "over",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne",
}  # fmt: skip
"""Words for signs."""


def check_name(name: str) -> str:
    """Take a name that a person has given; BadExpression unless it is letters, digits and underscores."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise BadExpression(
            f"name {name!r}: a feature's name is a letter, then letters, digits and underscores (160 at most)."
        )
    return name


def capped(name: str) -> str:
    """Cut a derived name that nobody would read to the end; eight hex digits tell it from others."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 10]}_x{sha256(name.encode()).hexdigest()[:8]}"


def token(text: str) -> str:
    """Write a signal, label or attribute as a part of a name."""
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    words = slug.split("_")
    plain = slug == text and slug and not _WORDS & set(words) and not _WINDOW.fullmatch(words[-1])
    return slug if plain else f"{slug}{'_' if slug else ''}x{digits(text)}"


def digits(text: str) -> str:
    """Four hex digits that tell one text from another."""
    return sha256(text.encode()).hexdigest()[:4]


def signals_token(signals: tuple[str, ...]) -> str:
    """Write a set of signals as a part of a name."""
    if not signals:
        return "any"
    if len(signals) <= 3:
        return "_or_".join(token(s) for s in signals)
    return f"{token(signals[0])}_or_{len(signals) - 1}_more_x{digits(chr(0).join(signals))}"


def number(value: float) -> str:
    """Write a number as a part of a name."""
    return shown(value).replace("+", "").replace("-", "neg").replace(".", "p")


def shown(value: float) -> str:
    """Write a number for people, without losing a digit."""
    return repr(float(value)).removesuffix(".0")


def joined(height: int, *parts: str) -> str:
    """Put the parts of a compound of some height together."""
    return ("_" * height).join(parts)
