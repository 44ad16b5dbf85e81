"""A session on the real store, replayed by the command as a process of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import create_async_engine

from agents.manager.manager import MultiAgentManager
from agents.manager.scene import Scene
from agents.manager.stored import said_of
from agents.roleplay.journal import Journal
from agents.roleplay.lines import Lines
from agents.roleplay.run import Roleplay
from agents.roleplay.scene_clock import SceneClock
from scenarios.loader import parse
from services.adapters.sql.schema import events, turns
from services.adapters.sql.store import open_sql
from services.core.clock import SystemClock
from services.llm.understudy import Understudy
from services.sessions.ports import SessionStore
from services.sessions.records import SessionRecord
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import optimizer_on
from tests.fakes.run import SCENE
from tests.fakes.stage import FakeStage

ROOM = "s-0123456789abcdef0123456789abcdef"
ROOT = Path(__file__).parents[2]
SAID = (
    "Bonsoir à tous.",
    "Monsieur Roche, votre avis ?",
    "Je défends le fret, parce que la route\x00 est saturée.",
    "...",
    "Et vous, Claire Morel ?",
    "Nous y mettrons trois milliards d'euros.",
)


@asynccontextmanager
async def job(store: SessionStore, room: str = ROOM) -> AsyncIterator[tuple[Roleplay, FakeStage]]:
    """A job that plays the room, from its beginning or from where another one lost it.

    It dies with the block: what it had not written by then is lost.
    """
    scenario, clock = parse(SCENE, file="petit-debat/scenario.yaml"), SystemClock()
    session = await store.open(
        SessionRecord(
            room=room,
            user="local",
            scenario_id=scenario.id,
            scenario_hash="h",
            scenario_text=SCENE,
            language="fr",
            started_at=datetime(2026, 11, 21, tzinfo=UTC),
        )
    )
    manager = MultiAgentManager(scenario, rng=Random(room))
    if session.scene:
        said = [said_of(turn) for turn in await store.turns(room)]
        scene = Scene.from_json(session.scene)
        manager = MultiAgentManager.restore(scenario, scene, said, Random(room))
    journal = Journal(store, clock, room=room)
    writing = asyncio.create_task(journal.run())
    roleplay = Roleplay(
        scenario,
        room=room,
        manager=manager,
        lines=Lines(
            scenario,
            optimizer=optimizer_on(None, LoopClock()),
            understudy=Understudy(scenario, rng=Random(1)),
            room=room,
        ),
        journal=journal,
        clock=clock,
        scene_clock=SceneClock(clock, elapsed_s=float(session.scene.get("elapsed_s", 0.0))),
        learner_name="Camille",
    )
    stage = FakeStage(roleplay)
    playing = asyncio.create_task(roleplay.run(stage))
    await asyncio.sleep(0.1)
    yield roleplay, stage
    await journal.drain(5)
    for task in (playing, writing):
        task.cancel()
    await asyncio.gather(playing, writing, return_exceptions=True)


async def play(store: SessionStore) -> None:
    """A short scene: an opening, answers, one of them cut, a return, the end."""
    async with job(store) as (roleplay, stage):
        for at, words in enumerate(SAID):
            stage.cut_after = 2 if at == 2 else None
            await stage.hear(words)
        roleplay.returned(12.0)
        await asyncio.sleep(0.1)
        roleplay.end("learner")
        await asyncio.sleep(0.5)


async def command(*arguments: str, environ: Mapping[str, str]) -> tuple[int, str]:
    """`python -m agents.manager`: its exit status, and all that it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agents.manager", *arguments),
        cwd=ROOT,
        env=dict(environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def forge(url: str) -> None:
    """Somebody else was asked, if one believes the store."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(
            update(turns)
            .where(turns.c.text == "Monsieur Roche, votre avis ?")
            .values(text="Claire Morel, votre avis ?")
        )
    await engine.dispose()


async def rewrite(url: str, seq: int, data: Mapping[str, Any]) -> None:
    """Another version wrote that event."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(update(events).where(events.c.seq == seq).values(data=data))
    await engine.dispose()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'repartee.db'}"
    return {"DATABASE_URL": url, "REPARTEE_DATA_DIR": str(tmp_path), "PATH": ""}


async def test_decisions_of_a_stored_session_are_made_again(environ: dict[str, str]) -> None:
    async with open_sql(environ["DATABASE_URL"]) as sql:
        await play(sql.store)
    status, printed = await command("replay", ROOM, "-v", environ=environ)

    assert (status, printed.splitlines()[-1].endswith("all the same")) == (0, True), printed
    assert "[addressed] morel: was addressed" in printed
    assert not any(words in printed for words in SAID)


async def test_s2_session_that_two_jobs_played_is_made_again(environ: dict[str, str]) -> None:
    async with open_sql(environ["DATABASE_URL"]) as sql:
        async with job(sql.store) as (_, stage):
            await stage.hear(SAID[0])
            await stage.hear(SAID[1])
        async with job(sql.store) as (_, stage):
            await stage.hear(SAID[4])
        kinds = [event.data["do"] for event in await sql.store.events(ROOM) if event.kind == "move"]
    status, printed = await command("replay", ROOM, "-v", environ=environ)

    assert kinds.count("restored") == 1
    assert status == 0, printed
    assert "the scene goes on after a restart" in printed


async def test_changed_words_are_told_move_by_move(environ: dict[str, str]) -> None:
    async with open_sql(environ["DATABASE_URL"]) as sql:
        await play(sql.store)
    await forge(environ["DATABASE_URL"])
    status, printed = await command("replay", ROOM, environ=environ)

    assert status == 1
    assert 'chosen: recorded {"chosen":["roche"]}' in printed


async def test_session_that_another_version_recorded_is_told_apart(environ: dict[str, str]) -> None:
    async with open_sql(environ["DATABASE_URL"]) as sql:
        async with job(sql.store) as (_, stage):
            await stage.hear(SAID[0])
        first = next(one for one in await sql.store.events(ROOM) if one.kind == "move")
    await rewrite(environ["DATABASE_URL"], first.seq, first.data | {"version": 99})
    status, printed = await command("replay", ROOM, environ=environ)

    assert (status, printed.strip()) == (2, f"{ROOM}: recorded by another version")


async def test_unknown_session_and_missing_store_are_told_apart(environ: dict[str, str]) -> None:
    status, printed = await command("replay", ROOM, environ=environ)
    assert (status, printed.strip()) == (2, "no session was ever written here")
    async with open_sql(environ["DATABASE_URL"]):
        pass
    status, printed = await command("replay", ROOM, environ=environ)
    assert (status, printed.strip()) == (2, f"no session {ROOM}")


async def test_store_that_is_away_is_no_difference(environ: dict[str, str]) -> None:
    away = environ | {"DATABASE_URL": "postgresql+asyncpg://nobody@127.0.0.1:9/none"}

    assert (await command("replay", ROOM, environ=away))[0] == 2
