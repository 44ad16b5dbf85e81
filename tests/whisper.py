"""A real hearing process for tests, with its own data folder."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.adapters.whisper_ear import HostPlan, plan_host, start_host

START_S = 60.0


def wait_for_socket(plan: HostPlan, process: subprocess.Popen[bytes]) -> None:
    """Returns once the process listens: its socket appears when the model is loaded."""
    deadline = time.monotonic() + START_S
    while not plan.socket.exists():
        assert process.poll() is None, f"the hearing process ended with {process.returncode}"
        assert time.monotonic() < deadline, "the hearing process does not listen"
        time.sleep(0.02)


@contextmanager
def running_host(data_dir: Path) -> Iterator[HostPlan]:
    """Starts the process, waits until it listens, and ends it."""
    plan = plan_host(data_dir, idle_exit_s=120)
    process = start_host(plan)
    try:
        wait_for_socket(plan, process)
        yield plan
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def hearing_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostPlan]:
    """One hearing process for all tests of a run: loading it takes a second or two."""
    with running_host(tmp_path_factory.mktemp("hearing")) as plan:
        yield plan
