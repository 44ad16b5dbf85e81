"""Other people's clients, in an environment of their own under the user's cache folder.

Owns that environment and the child process (`bench.peer_client`) that plays them against our
stub of a vendor. Nothing of theirs is ever imported into the program.
"""

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

LITELLM = "litellm==1.109.1"
"""It chooses the openai SDK that it works with; the versions are printed with the figures."""

BESIDE = ("openai[aiohttp]", "redis", "hiredis", "fastapi", "soundfile", "orjson")
"""Beside its own requirements: its cache raises ModuleNotFoundError without the last three."""

LIMIT_S = 300.0

_READY = ".ready"
_ROOT = Path(__file__).parent.parent
_ENV = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "CRITICAL"}
"""Without the first, importing LiteLLM asks the network for prices, and waits for the answer."""

_REQUIRES = "import importlib.metadata as m, json; print(json.dumps(m.requires('litellm')))"


class PeersMissing(Exception):
    """The peers could not be installed or played; the message says why."""


def folder() -> Path:
    """Where their environment stands; another one for another version."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(f"{LITELLM} {sys.version}".encode()).hexdigest()[:12]
    return cache / "repartee" / f"peers-{name}"


def ensure() -> Path:
    """Their Python; installed the first time (about 340 MB, a minute or two).

    Raises: PeersMissing when the package index cannot be reached.
    """
    home = folder()
    python = home / "bin" / "python"
    if not (home / _READY).exists():
        venv.create(home, with_pip=True, clear=True)
        _run(python, "-m", "pip", "install", "--quiet", "--no-deps", LITELLM)
        requires = json.loads(_run(python, "-c", _REQUIRES))
        _run(python, "-m", "pip", "install", "--quiet", *plain(requires), *BESIDE)
        (home / _READY).touch()
    return python


def plain(requires: list[str]) -> list[str]:
    """Requirements without extras. `certifi` loses its bound: an index may lag behind it by days,
    and over loopback no certificate is looked at."""
    needed = [one for one in requires if "extra ==" not in one]
    return [re.sub(r"^certifi\b.*", "certifi", one) for one in needed]


async def play(case: str, **told: Any) -> Any:
    """What a case of `bench.peer_client` measured, as JSON data.

    Raises: PeersMissing when there are no peers, or the child failed.
    """
    python = await asyncio.to_thread(ensure)
    child = await asyncio.create_subprocess_exec(
        python,
        "-m",
        "bench.peer_client",
        case,
        json.dumps(told),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=_ROOT,
        env=_ENV | {"PATH": os.environ.get("PATH", ""), "HOME": str(Path.home())},
    )
    try:
        out, err = await asyncio.wait_for(child.communicate(), LIMIT_S)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise PeersMissing(err.decode(errors="replace").strip()[-400:])
    return json.loads(out.decode().splitlines()[-1])


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeersMissing(done.stderr.strip()[-400:] or "pip failed")
    return done.stdout
