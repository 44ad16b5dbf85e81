"""The HTTP app as a process: its start, its streams over a real socket, its end."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import jwt
import pytest

from services.adapters.sql.store import open_sql
from services.core.clock import SystemClock
from services.core.ids import new_room
from services.launch.ports import free_port
from services.sessions.records import SessionEvent, SessionRecord, SessionStatus

CALLERS_KEY = "callers-key-callers-key-callers-key-1"
START_LIMIT_S = 30


@dataclass
class App:
    """A running process and a client on it."""

    process: asyncio.subprocess.Process
    client: httpx.AsyncClient
    metrics_url: str


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment without a LiveKit server that answers."""
    return {
        "PATH": os.environ["PATH"],
        "REPARTEE_DATA_DIR": str(folder),
        "REPARTEE_HTTP_PORT": str(free_port(0)),
        "REPARTEE_METRICS_PORT": str(free_port(0)),
        "LIVEKIT_URL": f"ws://127.0.0.1:{free_port(0)}",
        "LIVEKIT_API_KEY": "APIprocess",
        "LIVEKIT_API_SECRET": "livekit-secret-livekit-secret-1234567",
        **more,
    }


async def start(env: Mapping[str, str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.api", env=env, stdout=pipe, stderr=pipe
    )


@asynccontextmanager
async def running(env: Mapping[str, str]) -> AsyncIterator[App]:
    process = await start(env)
    base = f"http://127.0.0.1:{env['REPARTEE_HTTP_PORT']}"
    try:
        async with httpx.AsyncClient(base_url=base) as client:
            await until_alive(client, process)
            metrics = f"http://127.0.0.1:{env['REPARTEE_METRICS_PORT']}/metrics"
            yield App(process=process, client=client, metrics_url=metrics)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until_alive(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_LIMIT_S):
        while process.returncode is None:
            try:
                await client.get("/healthz")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
    raise AssertionError("the app ended at its start")


async def until_draining(client: httpx.AsyncClient) -> httpx.Response:
    """Signals arrive when they arrive."""
    answer = await client.get("/readyz")
    for _ in range(100):
        if "draining" in answer.text:
            break
        await asyncio.sleep(0.02)
        answer = await client.get("/readyz")
    return answer


async def record(env: Mapping[str, str], session: SessionRecord, *kinds: str) -> None:
    url = f"sqlite+aiosqlite:///{Path(env['REPARTEE_DATA_DIR']) / 'repartee.db'}"
    async with open_sql(url) as parts:
        await parts.store.open(session)
        for kind in kinds:
            event = SessionEvent(room=session.room, kind=kind, at=session.started_at)
            await parts.store.add_event(event)


def live_session(user: str = "local") -> SessionRecord:
    return SessionRecord(
        room=new_room(),
        user=user,
        scenario_id="debat-tv",
        scenario_hash="h",
        scenario_text="",
        language="fr",
        started_at=SystemClock().now(),
        status=SessionStatus.LIVE,
    )


async def test_j10_with_livekit_down_tokens_are_given_and_readiness_names_it(
    tmp_path: Path,
) -> None:
    async with running(environment(tmp_path)) as app:
        minted = await app.client.post("/api/livekit/token")
        assert minted.status_code == 201
        ready = await app.client.get("/readyz")
        assert ready.status_code == 503
        failing = [one["name"] for one in ready.json()["parts"] if one["status"] == "fail"]
        assert failing == ["livekit"]


async def test_metrics_have_their_own_port_and_count_tokens(tmp_path: Path) -> None:
    async with running(environment(tmp_path)) as app:
        await app.client.post("/api/livekit/token", json={})
        told = (await app.client.get(app.metrics_url)).text
        assert "repartee_tokens_minted_total 1.0" in told
        assert (await app.client.get("/metrics")).status_code == 404


async def test_an_event_written_by_another_process_reaches_an_open_stream(tmp_path: Path) -> None:
    env = environment(tmp_path)
    session = live_session()
    async with running(env) as app:
        await record(env, session, "phase")
        path = f"/api/sessions/{session.room}/events"
        async with app.client.stream("GET", path, timeout=20) as stream:
            lines = stream.aiter_lines()
            assert [await anext(lines) for _ in range(4)][2:] == ["id: 1", "event: phase"]
            await record(env, session, "agent_lost")
            async for line in lines:
                if line.startswith("event:"):
                    assert line == "event: agent_lost"
                    break
        async with app.client.stream("GET", path, headers={"Last-Event-ID": "1"}) as stream:
            told = [line async for line in first(stream.aiter_lines(), 4)]
        assert told[2:] == ["id: 2", "event: agent_lost"]


async def first(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    for _ in range(count):
        yield await anext(lines)


async def test_a_stop_ends_open_streams_and_the_process(tmp_path: Path) -> None:
    env = environment(tmp_path)
    session = live_session()
    async with running(env) as app:
        await record(env, session, "phase")
        path = f"/api/sessions/{session.room}/events"
        async with app.client.stream("GET", path, timeout=20) as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            app.process.send_signal(signal.SIGINT)
            told = [line async for line in lines]
        assert [line for line in told if line.startswith("event:")] == ["event: phase"]
        assert await asyncio.wait_for(app.process.wait(), START_LIMIT_S) == 0


def production(folder: Path, **more: str) -> dict[str, str]:
    return environment(folder, REPARTEE_ENV="production", REPARTEE_JWT_KEYS=CALLERS_KEY, **more)


async def test_in_production_only_an_operator_is_told_the_metrics(tmp_path: Path) -> None:
    told = {}
    async with running(production(tmp_path)) as app:
        for scope in (None, "learner", "operator"):
            claims = {"sub": "ada", "scope": scope, "exp": int(time.time()) + 600}
            token = jwt.encode(claims, CALLERS_KEY)
            headers = {"Authorization": f"Bearer {token}"} if scope else {}
            told[scope] = await app.client.get(app.metrics_url, headers=headers)
    assert {scope: answer.status_code for scope, answer in told.items()} == {
        None: 401, "learner": 403, "operator": 200
    }  # fmt: skip
    assert told[None].headers["WWW-Authenticate"] == "Bearer"
    assert told[None].headers["content-type"] == "application/problem+json"
    codes = [told[scope].json()["code"] for scope in (None, "learner")]
    assert codes == ["credentials_missing", "scope_missing"]
    assert "repartee_build_info" in told["operator"].text
    assert "repartee_build_info" not in told[None].text + told["learner"].text


async def test_o6_in_production_a_drain_drops_readiness_and_keeps_serving(tmp_path: Path) -> None:
    claims = {"sub": "ada", "scope": "learner", "exp": int(time.time()) + 600}
    headers = {"Authorization": f"Bearer {jwt.encode(claims, CALLERS_KEY)}"}
    async with running(production(tmp_path)) as app:
        app.process.send_signal(signal.SIGTERM)
        assert "draining" in (await until_draining(app.client)).text
        assert (await app.client.get("/healthz")).status_code == 200
        assert (await app.client.get("/api/scenarios", headers=headers)).status_code == 200
        assert await asyncio.wait_for(app.process.wait(), START_LIMIT_S) == 0


@pytest.mark.parametrize(
    ("weak", "named"),
    [
        ({"LIVEKIT_API_KEY": "devkey", "LIVEKIT_API_SECRET": "secret"}, "LIVEKIT_API_SECRET"),
        ({"REPARTEE_JWT_KEYS": "short"}, "REPARTEE_JWT_KEYS"),
        ({"REPARTEE_JWT_KEYS": ""}, "REPARTEE_JWT_KEYS"),
    ],
)
async def test_o1_production_refuses_to_start_with_weak_secrets(
    tmp_path: Path, weak: dict[str, str], named: str
) -> None:
    process = await start(production(tmp_path) | weak)
    _, told = await asyncio.wait_for(process.communicate(), START_LIMIT_S)
    assert process.returncode == 2
    assert named in told.decode()
    assert "secret" not in told.decode().replace("LIVEKIT_API_SECRET", "")


async def test_o2_a_misspelt_setting_ends_the_start_with_its_name(tmp_path: Path) -> None:
    process = await start(environment(tmp_path, REPARTEE_HTTP_PROT="8000"))
    _, told = await asyncio.wait_for(process.communicate(), START_LIMIT_S)
    assert process.returncode == 2
    assert "REPARTEE_HTTP_PROT" in told.decode()
    assert "REPARTEE_HTTP_PORT" in told.decode()


async def test_no_log_line_holds_a_user_a_token_or_a_secret(tmp_path: Path) -> None:
    env = production(tmp_path)
    claims = {"sub": "ada-lovelace", "scope": "learner", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, CALLERS_KEY)
    async with running(env) as app:
        for bearer in (token, token[:-4], "x"):
            headers = {"Authorization": f"Bearer {bearer}"}
            body = {"participant_name": "Ada Lovelace", "room_name": "x" * 9}
            await app.client.post("/api/livekit/token", json=body, headers=headers)
        app.process.send_signal(signal.SIGINT)
        _, logged = await app.process.communicate()
    lines = [json.loads(line) for line in logged.decode().splitlines()]
    assert [one["reason"] for one in lines if one["event"] == "auth.refused"]
    for planted in ("ada-lovelace", "Ada Lovelace", token[:60], CALLERS_KEY, "livekit-secret"):
        assert planted not in logged.decode()
