"""The store's database across versions of the program and across processes."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.adapters.sql import migrations
from services.adapters.sql.schema import metadata
from services.adapters.sql.store import open_sql
from services.core.errors import BackendError, ConfigError
from services.sessions.records import SessionEvent, SessionStatus

_ROOT = Path(__file__).parents[2]
_OLD_SESSION = """
INSERT INTO sessions VALUES ('s-1', 'ana', 'debat-tv', 'abc', 'schema: 1', 'fr',
'2026-11-21 09:30:00', 'live', NULL, NULL, '{"phase": "ouverture"}')
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'er' / 'repartee.db'}"
    found: str = request.getfixturevalue("empty_postgres")
    return found


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Callable[..., Any]]:
    """Runs a synchronous function on a connection of its own."""
    if url.startswith("sqlite"):
        Path(url.partition(":///")[2]).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            yield connection.run_sync
    finally:
        await engine.dispose()


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_migrations_build_exactly_the_schema(url: str) -> None:
    async with open_sql(url):
        pass
    async with connected(url) as run:
        assert await run(_differences) == []


async def test_o3_older_database_is_upgraded_and_keeps_its_rows(url: str) -> None:
    async with connected(url) as run:
        await run(lambda connection: migrations.upgrade(connection, to="0001"))
        await run(_execute, _OLD_SESSION)
    async with open_sql(url) as (store, presence, *_):
        session = await store.get("s-1")
        assert session is not None
        assert (session.user, session.status) == ("ana", SessionStatus.LIVE)
        assert session.scene == {"phase": "ouverture"}
        assert await presence.get("s-1") is None


async def test_o3_newer_database_is_refused_with_what_to_do(url: str) -> None:
    async with open_sql(url):
        pass
    async with connected(url) as run:
        await run(_execute, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match=r"9999, newer than this program .*backup"):
        async with open_sql(url):
            pass


def test_files_of_migrations_are_named_by_their_revisions() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert migrations.head() == scripts.get_current_head()
    named = {Path(one.path).name[1:5]: one.revision for one in scripts.walk_revisions()}
    assert [name for name, revision in named.items() if name != revision] == []


async def test_a_database_that_is_up_to_date_does_not_load_alembic(url: str) -> None:
    async with open_sql(url):
        pass
    opens = (
        "import asyncio, sys\n"
        "from services.adapters.sql.store import open_sql\n"
        "async def main():\n"
        "    async with open_sql(sys.argv[1]): pass\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules)\n"
    )
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-c", opens, url,
        cwd=_ROOT,
        env={"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert (await done.communicate())[0].strip() == b"False"


async def test_opening_again_changes_nothing(url: str) -> None:
    async with open_sql(url):
        pass
    async with connected(url) as run:
        assert await run(migrations.upgrade) is False


async def test_s6_processes_that_start_at_once_share_one_database(url: str) -> None:
    names = ["a", "b", "c", "d"]
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("sql_worker.py")),
            url,
            name,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin"},
            stdout=asyncio.subprocess.PIPE,
        )
        for name in names
    ]
    outputs = [(await process.communicate())[0] for process in started]
    assert [process.returncode for process in started] == [0] * len(names)
    told = [json.loads(output) for output in outputs]
    assert sorted(seq for each in told for seq in each["seqs"]) == list(range(1, 41))
    assert sum(each["won"] for each in told) == 1
    async with open_sql(url) as (store, presence, *_):
        assert [event.seq for event in await store.events("s-1")] == list(range(1, 41))
        holder = await presence.get("s-1")
    assert holder is not None
    assert holder.job_id == names[[each["won"] for each in told].index(True)]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("not a url", "not a database URL"),
        ("mysql://db/x", "mysql is not supported"),
        ("sqlite+aiosqlite://", "needs a file"),
        ("sqlite+aiosqlite:///:memory:", "needs a file"),
    ],
)
async def test_o2_database_that_cannot_be_used_is_refused_by_name(wrong: str, named: str) -> None:
    with pytest.raises(ConfigError, match=f"DATABASE_URL.*{named}"):
        async with open_sql(wrong):
            pass


async def test_database_that_does_not_answer_is_a_backend_error(tmp_path: Path) -> None:
    with pytest.raises(BackendError) as caught:
        async with open_sql(f"postgresql+asyncpg://me@/x?host={tmp_path}"):
            pass
    assert caught.value.code == "store"


async def test_d4_failed_write_quotes_nothing_of_it(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'repartee.db'}"
    async with open_sql(url) as (store, *_):
        async with connected(url) as run:
            await run(_execute, "DROP TABLE event_counters")
        with pytest.raises(BackendError) as caught:
            await store.add_event(
                SessionEvent(room="canary", kind="canary", at=datetime.now(UTC), data={})
            )
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
