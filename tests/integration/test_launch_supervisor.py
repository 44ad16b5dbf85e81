"""The supervisor over real child processes: order, restarts, and an end that leaves nobody."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from services.launch.child import Child, Spec
from services.launch.supervisor import Part, PartFailed, Supervisor

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
PARENT = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', sys.argv[1]]); "
    "print('child', child.pid, 'up', flush=True); child.wait()"
)

NOTING = """
import signal, sys, time
def end(*_):
    print('told', time.time(), flush=True)
    time.sleep(float(sys.argv[1]))
    print('ended', time.time(), flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print('up', flush=True)
time.sleep(60)
"""


def spec(folder: Path, name: str, code: str, *more: str, stop_s: float = 2.0) -> Spec:
    return Spec(
        name=name,
        argv=(sys.executable, "-c", code, *more),
        env=dict(os.environ),
        log=folder / f"{name}.log",
        stop_s=stop_s,
    )


async def is_up(child: Child) -> bool:
    return "up" in child.output()


def part(spec: Spec, ready: Callable[[Child], Awaitable[bool]] = is_up) -> Part:
    return Part(spec=spec, ready=ready)


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not fact():  # noqa: ASYNC110 - the facts are about other processes
            await asyncio.sleep(0.02)


def lives(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return False


async def test_the_house_opens_once_every_part_is_ready_and_then_ends_them(tmp_path: Path) -> None:
    parts = [part(spec(tmp_path, name, SLEEP)) for name in ("one", "two")]
    house, opened, stop = Supervisor(parts, say=print), asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(house.run(opened.set, stop, drain_s=1))
    await asyncio.wait_for(opened.wait(), 20)
    pids = list(house.pids.values())
    assert all(lives(pid) for pid in pids)
    stop.set()
    await running
    assert not any(lives(pid) for pid in pids)


async def test_a_part_that_dies_is_started_again_and_people_are_told(tmp_path: Path) -> None:
    said: list[str] = []
    house = Supervisor([part(spec(tmp_path, "one", SLEEP))], say=said.append)
    opened, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(house.run(opened.set, stop, drain_s=1))
    await asyncio.wait_for(opened.wait(), 20)
    first = house.pids["one"]
    os.kill(first, 9)
    await until(lambda: house.pids["one"] != first and lives(house.pids["one"]))
    stop.set()
    await running
    assert said == ["one ended (status -9); starting it again"]


async def test_a_part_that_never_starts_stops_the_house_with_the_end_of_its_log(
    tmp_path: Path,
) -> None:
    other = part(spec(tmp_path, "other", SLEEP))
    broken = part(spec(tmp_path, "broken", "raise SystemExit('no such setting')"))
    house = Supervisor([other, broken], say=lambda _: None)
    with pytest.raises(PartFailed, match=r"(?s)broken does not start.*no such setting"):
        await house.run(lambda: None, asyncio.Event(), drain_s=1)
    assert not lives(house.pids["other"])


async def test_a_deaf_part_and_what_it_started_are_ended_all_the_same(tmp_path: Path) -> None:
    child = Child(spec(tmp_path, "deaf", PARENT, DEAF, stop_s=0.2))
    await child.start()
    await until(lambda: child.output().count("up") == 2)
    grandchild = int(child.output().split("child ")[1].split()[0])
    assert lives(grandchild)
    await child.stop()
    await until(lambda: not lives(child.pid) and not lives(grandchild))


async def test_s3_a_draining_part_is_told_first_and_may_finish(tmp_path: Path) -> None:
    worker = Part(spec=spec(tmp_path, "worker", NOTING, "0.5"), ready=is_up, drains=True)
    house = Supervisor([part(spec(tmp_path, "app", NOTING, "0")), worker], say=lambda _: None)
    opened, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(house.run(opened.set, stop, drain_s=10))
    await asyncio.wait_for(opened.wait(), 20)
    stop.set()
    await running
    finished = float((tmp_path / "worker.log").read_text("utf-8").split("ended ")[1])
    told = float((tmp_path / "app.log").read_text("utf-8").split("told ")[1].split()[0])
    assert finished < told
