"""A models.yaml or a budget that cannot be used keeps every program from starting, and says why."""

import asyncio
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from services.llm.models.catalogue import SHIPPED

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "services.api": "The HTTP app cannot start",
    "services.jobs": "The job runner cannot start",
    "services.launch": "Repartee cannot start",
}
LIVEKIT = {
    "LIVEKIT_URL": "ws://127.0.0.1:1",
    "LIVEKIT_API_KEY": "key",
    "LIVEKIT_API_SECRET": "s" * 32,
}
FREE_PORTS = dict.fromkeys(
    ("REPARTEE_HTTP_PORT", "REPARTEE_METRICS_PORT", "REPARTEE_WORKER_PORT"), "0"
)


class Edit(NamedTuple):
    """What an operator's editor did to the shipped file, and what is said about it."""

    line: str
    becomes: str
    key: str
    cause: str


EDITS = {
    "typo": Edit(
        line="  cheap: openai/gpt-6-luna",
        becomes="  cheep: openai/gpt-6-luna",
        key="tiers.cheep",
        cause='there is no such key. Did you mean "cheap"?',
    ),
    "negative_price": Edit(
        line="input: ",
        becomes="input: -",
        key="input",
        cause="is negative. Write 0 or more.",
    ),
    "cycle": Edit(
        line="    fallback: scaleway/mistral-small-3.2-24b-instruct-2506",
        becomes="    fallback: openai/gpt-6-luna",
        key="openai/gpt-6-luna.fallback",
        cause="the fallbacks go round: openai/gpt-6-luna -> mistral/mistral-small-2603 -> "
        "openai/gpt-6-luna. Delete one of these links.",
    ),
}


class End(NamedTuple):
    """How a program ended and what it said to a person."""

    status: int
    said: str


async def ended(*arguments: str, environ: dict[str, str], folder: Path) -> End:
    """Starts a program of ours and waits for its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments),
        cwd=ROOT,
        env={**os.environ, **FREE_PORTS, "REPARTEE_DATA_DIR": str(folder), **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return End(process.returncode, said.decode())


async def all_ended(environ: dict[str, str], folder: Path) -> dict[str, End]:
    """Every program with that environment, each in a folder of its own."""
    ends = await asyncio.gather(
        *(ended(name, environ=environ, folder=folder / name) for name in PROGRAMS)
    )
    return dict(zip(PROGRAMS, ends, strict=True))


def edited(edit: Edit, folder: Path) -> tuple[Path, int]:
    """The shipped file with that edit at its first place, and the line of it."""
    lines = SHIPPED.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if edit.line in line)
    lines[number] = lines[number].replace(edit.line, edit.becomes)
    path = folder / "models.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return path, number + 1


@pytest.mark.parametrize("fault", EDITS)
async def test_o2_bad_models_file_is_refused_at_start_with_line_key_and_cause(
    tmp_path: Path, fault: str
) -> None:
    edit = EDITS[fault]
    path, line = await asyncio.to_thread(edited, edit, tmp_path)
    ends = await all_ended({"REPARTEE_MODELS": str(path)}, tmp_path)
    for name, end in ends.items():
        assert (name, end.status) == (name, 2), end.said
        assert end.said.startswith(PROGRAMS[name]), end.said
        (told,) = [one for one in end.said.splitlines() if edit.cause in one]
        file, number, key, *_ = told.strip().split(":")
        assert file == str(path)
        assert key.strip().endswith(edit.key)
        assert fault == "cycle" or int(number) == line
        assert "Traceback" not in end.said


async def test_o2_bad_budget_is_refused_at_start_with_its_part_and_cause(tmp_path: Path) -> None:
    ends = await all_ended({"REPARTEE_BUDGETS": "day=10, user/dya=2, month=-1"}, tmp_path)
    for name, end in ends.items():
        assert (name, end.status) == (name, 2), end.said
        assert "REPARTEE_BUDGETS: `user/dya=2`: there is no budget `user/dya`" in end.said
        assert "Traceback" not in end.said


async def test_o2_bad_file_and_bad_budget_are_told_together_and_the_house_opens_nothing(
    tmp_path: Path,
) -> None:
    path, _ = await asyncio.to_thread(edited, EDITS["typo"], tmp_path)
    told = {"REPARTEE_MODELS": str(path), "REPARTEE_BUDGETS": "day=ten"}
    end = await ended("services.launch", environ=told, folder=tmp_path / "var")
    assert end.status == 2
    assert "tiers.cheep" in end.said
    assert "`day=ten`" in end.said
    assert "Opening" not in end.said
    assert not (tmp_path / "var" / "logs").exists()


async def test_o2_worker_does_not_wait_for_rooms_that_it_could_not_play(tmp_path: Path) -> None:
    path, line = await asyncio.to_thread(edited, EDITS["typo"], tmp_path)
    end = await ended(
        *("livekit.agents", "start", "agents/worker.py"),
        environ={**LIVEKIT, "REPARTEE_MODELS": str(path)},
        folder=tmp_path / "var",
    )
    assert end.status != 0
    assert f"{path}:{line}: tiers.cheep: there is no such key" in end.said
