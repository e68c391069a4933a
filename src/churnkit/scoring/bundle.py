"""The bundle: a fitted model on disk, without pickle.

A folder with ``manifest.json`` (schema, recipe, card, versions, a SHA-256 hash of every other file),
the learner's files (JSON and LightGBM's own text), the reasons' groups and the last book.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnkit.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = 1
MANIFEST = "manifest.json"


def write_bundle(folder: str | Path, manifest: dict[str, Any], fill: Callable[[Path], None]) -> Path:
    """Write a bundle beside the old one and put it in its place in one step.

    Parameters
    ----------
    folder
        Where the bundle goes; an older bundle there is replaced, anything else is refused.
    manifest
        What goes into manifest.json beside schema and hashes.
    fill
        Writes every other file into the folder that it is given.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise BundleError(f"{folder}: holds other files; choose an empty folder or an older bundle.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        fresh = Path(scratch) / "bundle"
        fresh.mkdir()
        fill(fresh)
        whole = {"schema": SCHEMA, **manifest, "files": hashes(fresh)}
        (fresh / MANIFEST).write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    return folder


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read a bundle's manifest and check every file against its hash.

    Raises
    ------
    BundleError
        If there is no bundle, its schema is another one, or a file is missing or altered.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{folder}: no model here (no {MANIFEST}). `churnkit fit` writes one.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise BundleError(f"{folder}/{MANIFEST}: cannot be read ({problem}). Fit the model again.") from problem
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        found = manifest.get("schema") if isinstance(manifest, dict) else None
        raise BundleError(f"{folder}: bundle schema {found!r}, this churnkit reads {SCHEMA}. Fit the model again.")
    written, found_now = manifest.get("files", {}), hashes(folder)
    wrong = sorted(n for n in {*written, *found_now} if written.get(n) != found_now.get(n))
    if wrong:
        raise BundleError(
            f"{folder}: {len(wrong)} of {len(written)} files are missing, added or altered (first: {wrong[0]}). "
            "Restore the bundle or fit the model again."
        )
    return manifest


def hashes(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file but the manifest, by its path in the folder."""
    return {
        str(path.relative_to(folder).as_posix()): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
