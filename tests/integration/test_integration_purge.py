"""`python -m services.jobs purge`: an operator takes answers out of a house that runs."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.vendor import Delays, vendor
from services.core.ids import user_key
from services.launch.ports import free_port
from services.llm.outcome import Source
from services.llm.request import Message, Request, Scope, TaskType
from services.settings import load_settings
from services.wiring import open_services

ASKED = Request(
    task=TaskType.AGENT_REACTION,
    messages=(Message("user", "Say that you agree."),),
    scope=Scope.USER,
    user=user_key("ada@example.org"),
    scenario="debat-tv",
    persona="morel",
    language="en",
)


class Done(NamedTuple):
    code: int
    out: str
    err: str


async def jobs(environ: Mapping[str, str], *words: str) -> Done:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.jobs", *words,
        env={"PATH": os.environ["PATH"], **environ}, stdout=pipe, stderr=pipe,
    )  # fmt: skip
    out, err = await process.communicate()
    return Done(process.returncode or 0, out.decode(), err.decode())


async def answered(environ: Mapping[str, str]) -> Source:
    """What serves the call in a process that has just been opened."""
    async with open_services(load_settings(environ)) as services:
        return (await services.optimizer.respond(ASKED)).source


@pytest.mark.parametrize("where", ["file", "redis"])
async def test_purged_answers_are_made_anew_and_others_are_not(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async with vendor(delays=Delays(first_token_s=0.0, word_s=0.0)) as stub:
        environ = {
            "REPARTEE_DATA_DIR": str(tmp_path / "var"),
            "OPENAI_BASE_URL": stub.url,
            "OPENAI_MODEL": "stub-1",
        }
        if where == "redis":
            environ["REDIS_URL"] = request.getfixturevalue("empty_redis")
        assert await answered(environ) is Source.LIVE
        assert await answered(environ) is Source.CACHED
        nobody = await jobs(environ, "purge", "--user", "bob")
        assert (nobody.code, nobody.out.split(" purged")[0]) == (0, "0 entries of the user bob")
        assert await answered(environ) is Source.CACHED
        for kind in ("--user=ada@example.org", "--scenario=debat-tv", "--model=openai/stub-1"):
            done = await jobs(environ, "purge", kind)
            assert (done.code, done.err) == (0, "")
            assert done.out.startswith("1 entry of the ")
            assert ("Redis" if where == "redis" else "shared.db") in done.out
            assert await answered(environ) is Source.LIVE


async def test_c1_a_redis_that_is_away_makes_the_command_fail(tmp_path: Path) -> None:
    environ = {
        "REPARTEE_DATA_DIR": str(tmp_path / "var"),
        "REDIS_URL": f"redis://127.0.0.1:{free_port(0)}/2",
    }
    for words in (("purge", "--scenario", "debat-tv"), ("sweep",)):
        done = await jobs(environ, *words)
        assert done.code == 1
        assert "does not answer" in done.err
        assert done.out == ""


async def test_sweep_says_how_many_and_where(tmp_path: Path) -> None:
    done = await jobs({"REPARTEE_DATA_DIR": str(tmp_path / "var")}, "sweep")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"0 entries swept from {tmp_path / 'var' / 'shared.db'}\n"


async def test_purge_of_nothing_in_particular_is_a_wrong_call(tmp_path: Path) -> None:
    done = await jobs({"REPARTEE_DATA_DIR": str(tmp_path / "var")}, "purge")
    assert done.code == 2
    assert "--scenario" in done.err
    assert not (tmp_path / "var").exists()
