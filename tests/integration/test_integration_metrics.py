"""/metrics adds up all processes of the house."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from services.core.errors import ConfigError
from services.core.version import VERSION
from services.telemetry.server import Refusal, open_door, serve_metrics

_ROOT = Path(__file__).parents[2]


@contextmanager
def process(script: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running script and its first line."""
    running = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name(script))],
        cwd=_ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(_ROOT),
            "PROMETHEUS_MULTIPROC_DIR": str(folder),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdin is not None
    assert running.stdout is not None
    try:
        yield running, running.stdout.readline().strip()
    finally:
        running.kill()
        running.wait()
        running.stdin.close()
        running.stdout.close()


def page(port: str) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def test_all_processes_are_added_up_and_a_killed_job_plays_no_scene(tmp_path: Path) -> None:
    with ExitStack() as stack:
        _, port = stack.enter_context(process("metrics_page.py", tmp_path))
        first, _ = stack.enter_context(process("metrics_worker.py", tmp_path))
        stack.enter_context(process("metrics_worker.py", tmp_path))
        before = page(port)
        first.kill()
        first.wait()
        after = page(port)
    assert before["repartee_sessions_active"] == 3
    assert before["repartee_tokens_minted_total"] == 2
    assert after["repartee_sessions_active"] == 2
    assert after["repartee_tokens_minted_total"] == 2


def test_a_worker_that_counts_in_a_folder_of_its_own_is_added_up(tmp_path: Path) -> None:
    own = tmp_path / "worker-1"
    own.mkdir()
    with ExitStack() as stack:
        _, port = stack.enter_context(process("metrics_page.py", tmp_path))
        job, _ = stack.enter_context(process("metrics_worker.py", own))
        before = page(port)
        job.kill()
        job.wait()
        after = page(port)
    assert before["repartee_sessions_active"] == 2
    assert after["repartee_sessions_active"] == 1
    assert after["repartee_tokens_minted_total"] == 1


def test_taken_port_is_a_config_error_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ConfigError, match=f"REPARTEE_METRICS_PORT.*127.0.0.1:{port}"),
            serve_metrics("127.0.0.1", port, door=open_door),
        ):
            pass


def test_o5_metrics_listen_on_loopback_and_stop_with_the_block() -> None:
    with serve_metrics("127.0.0.1", 0, door=open_door) as port:
        assert page(str(port))[f'repartee_build_info{{version="{VERSION}"}}'] == 1
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


def test_whoever_the_door_refuses_is_told_no_metric() -> None:
    seen: list[Mapping[str, str]] = []

    def door(headers: Mapping[str, str]) -> Refusal | None:
        seen.append(headers)
        if headers.get("authorization") == "Bearer right":
            return None
        return Refusal(HTTPStatus.UNAUTHORIZED, "credentials_missing", "a token is needed")

    with serve_metrics("127.0.0.1", 0, door=door) as port:
        url = f"http://127.0.0.1:{port}/metrics"
        with pytest.raises(HTTPError) as refused:
            urlopen(url)
        with refused.value as answer:
            body = json.loads(answer.read())
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        with urlopen(Request(url, headers={"Authorization": "Bearer right"})) as answer:
            assert b"repartee_build_info" in answer.read()
    assert (body["status"], body["code"]) == (401, "credentials_missing")
    assert seen[0]["host"] == f"127.0.0.1:{port}"
