"""Units of compounds."""

from __future__ import annotations

_ONE = {
    "facts": "fact",
    "days": "day",
    "users": "user",
    "seats": "seat",
    "points": "point",
    "hours": "hour",
    "months": "month",
}


def combined(sign: str, left: str, right: str, lone: tuple[bool, bool]) -> str:
    """Give the unit of ``left sign right``; ``lone`` tells which sides are bare numbers."""
    if any(lone):
        bare = lone[0] and sign == "/"
        return "" if bare or all(lone) else (right if lone[0] else left)
    if sign in "+-":
        return left if left == right != "yes or no" else ""
    if sign == "/" and left == right:
        return "ratio" if left else ""
    return f"{left} per {_ONE.get(right, right)}" if sign == "/" and left and right else ""
