"""A real PostgreSQL server for tests: started on a socket of its own, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql")


def binaries() -> Path | None:
    """Find the newest folder that holds initdb and postgres; None where there is none."""
    found = [
        p.parent for place in PLACES for p in Path(place).glob("**/bin/initdb") if (p.parent / "postgres").exists()
    ]
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).parent / "postgres").exists():
        found.append(Path(on_path).parent)
    return max(found, default=None, key=str)


def _user() -> str | None:
    """PostgreSQL refuses to run as root: give another user to run it as, where we are root."""
    if os.geteuid() != 0:
        return None
    known = Path("/etc/passwd").read_text(encoding="utf-8")
    return "postgres" if "\npostgres:" in known else "nobody"


@contextmanager
def server() -> Iterator[str]:
    """Run a server; give its SQLAlchemy URL."""
    folder = binaries()
    assert folder is not None
    user = _user()
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as where:
        data = Path(where) / "data"
        if user:
            shutil.chown(where, user)
            Path(where).chmod(0o755)

        def run(*command: str) -> None:
            subprocess.run([str(folder / command[0]), *command[1:]], check=True, user=user, cwd=where,
                           stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)  # fmt: skip

        run("initdb", "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-c listen_addresses='' -c unix_socket_directories='{where}' -c fsync=off"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(Path(where) / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://tester@/postgres?host={where}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
