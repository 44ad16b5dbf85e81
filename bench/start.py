"""How long a stranger waits: `make run` in a fresh clone until its address is printed, then again.

The machine's own download and build caches are used as they are; the note says which were there.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench.table import Table

ROOT = Path(__file__).parent.parent
LIMIT_S = 1200


async def measure() -> Iterable[Table]:
    """One clone, two starts."""
    first_s, second_s = _two_starts()
    rows = (("first, in a fresh clone", f"{first_s:.1f}"), ("second", f"{second_s:.1f}"))
    title = "make run, until it prints the address of the try page"
    return [Table(title=title, columns=("start", "seconds"), rows=rows, note=_caches())]


def _two_starts() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="repartee-") as folder:
        clone = Path(folder) / "repartee"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        return _start(clone), _start(clone)


def _start(clone: Path) -> float:
    """Seconds from the command to the line that says it is ready; ends what it started."""
    began = time.monotonic()
    run = subprocess.Popen(
        ["make", "run", "LAUNCH=--json-ready"],
        cwd=clone,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, "REPARTEE_HTTP_PORT": "0"},
    )
    try:
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("{") and "http_url" in json.loads(line):
                return time.monotonic() - began
            if time.monotonic() - began > LIMIT_S:
                break
        raise TimeoutError("make run did not print its address")
    finally:
        os.killpg(run.pid, signal.SIGTERM)
        run.wait(60)


def _caches() -> str:
    home = Path.home()
    known = {
        "Python packages": home / ".cache" / "uv",
        "Go modules": home / "go" / "pkg" / "mod" / "cache",
        "Go builds": home / ".cache" / "go-build",
    }
    there = [name for name, folder in known.items() if folder.exists()]
    return f"Caches that were there: {', '.join(there) or 'none'}."
