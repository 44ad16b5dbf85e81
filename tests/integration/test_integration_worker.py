"""What job processes share: modules that are imported once, in the process they are forked from."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_ASKS = """
import importlib, json, sys, threading
from agents.worker import SHARED, server
for name in SHARED:
    importlib.import_module(name)
print(json.dumps({
    "given": server._preload_modules,
    "shared": list(SHARED),
    "counters": server._prometheus_multiproc_dir,
    "threads": threading.active_count(),
    "heavy": [name for name in ("alembic", "genai_prices", "livekit.plugins.openai", "redis")
              if name in sys.modules],
}))
"""


def worker(tmp_path: Path, **env: str) -> Any:
    """What a worker with those settings imports."""
    told = {"PATH": os.environ["PATH"], "REPARTEE_DATA_DIR": str(tmp_path), **env}
    done = subprocess.run(
        [sys.executable, "-c", _ASKS],
        cwd=ROOT, env=told, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_shared_modules_start_no_thread_that_a_fork_would_lose(tmp_path: Path) -> None:
    told = worker(tmp_path, OPENAI_API_KEY="k")
    assert told["given"] == told["shared"]
    assert "services.adapters.openai_chat" in told["shared"]
    assert told["threads"] == 1


def test_job_without_a_vendor_of_speech_does_not_load_its_plugin(tmp_path: Path) -> None:
    assert worker(tmp_path)["heavy"] == []


@pytest.mark.parametrize("speech", ["embedded", "openai"])
def test_the_vendors_plugin_is_shared_where_it_speaks(tmp_path: Path, speech: str) -> None:
    told = worker(tmp_path, OPENAI_API_KEY="k", REPARTEE_SPEECH=speech)
    assert ("agents.stage.vendor_speech" in told["shared"]) is (speech == "openai")
    assert ("livekit.plugins.openai" in told["heavy"]) is (speech == "openai")


def test_a_worker_is_not_given_the_folder_where_others_count(tmp_path: Path) -> None:
    """LiveKit's server empties the one that it is given."""
    told = worker(tmp_path, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert Path(told["counters"]).parent == tmp_path
    assert worker(tmp_path)["counters"] is None
