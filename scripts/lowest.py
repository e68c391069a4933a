"""Print the oldest versions that pyproject.toml claims to support, as constraints for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lowest(project: dict[str, object]) -> list[str]:
    """Turn every ``name>=version`` of the dependencies into ``name==version``."""
    requirements = project["project"]["dependencies"]  # type: ignore[index]
    found = []
    for requirement in requirements:
        match = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?>=([0-9.]+)", requirement)
        if match is None:
            raise SystemExit(f"pyproject.toml: {requirement!r} names no lowest version (write name>=version)")
        found.append(f"{match[1]}=={match[2]}")
    return found


if __name__ == "__main__":
    print("\n".join(lowest(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))))
