"""The whole of Repartee as an outside client meets it: `python -m services.launch` in a process.

Owns starting and ending it, and the two calls that every client begins with. Room tests, browser
tests and benchmarks all come in by this door.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

OPEN_LIMIT_S = 60.0
CLOSE_LIMIT_S = 20.0

_OURS = ("REPARTEE_", "OPENAI_", "LIVEKIT_", "MISTRAL_", "SCALEWAY_", "REDIS_", "DATABASE_")


class HouseFailed(Exception):
    """The house did not open; the message holds what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a mint gave."""

    server_url: str
    token: str
    room: str
    identity: str


@dataclass(slots=True, kw_only=True)
class House:
    """A running Repartee."""

    http_url: str
    livekit_url: str
    data_dir: Path
    pids: dict[str, int] = field(default_factory=dict)

    async def mint(self, scenario: str, **fields: Any) -> Ticket:
        """A token for a fresh session of that scenario."""
        agents = [{"agent_name": "roleplay", "metadata": json.dumps({"scenario": scenario})}]
        body = {"room_config": {"agents": agents}, **fields}
        answer = await self.call("POST", "/api/livekit/token", body)
        return Ticket(
            server_url=answer["server_url"],
            token=answer["participant_token"],
            room=answer["room_name"],
            identity=answer["participant_identity"],
        )

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """A JSON call. Raises: aiohttp.ClientResponseError for an error answer."""
        async with (
            aiohttp.ClientSession(self.http_url) as http,
            http.request(method, path, json=body) as answer,
        ):
            answer.raise_for_status()
            return await answer.json()

    def log(self, part: str) -> str:
        """What a part has written so far."""
        return (self.data_dir / "logs" / f"{part}.log").read_text("utf-8", errors="replace")


@asynccontextmanager
async def open_house(data_dir: Path, **env: str) -> AsyncIterator[House]:
    """A house on free ports in a data folder of its own, closed and gone at the end.

    Raises: HouseFailed when it is not open in time.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
    ports = dict.fromkeys(
        ("REPARTEE_HTTP_PORT", "REPARTEE_WORKER_PORT", "REPARTEE_METRICS_PORT"), "0"
    )
    await asyncio.to_thread(data_dir.mkdir, parents=True, exist_ok=True)
    said = (data_dir / "launch.err").open("w+b")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.launch", "--json-ready", "--drain-s", "0.5"),
        env={**clean, **ports, "REPARTEE_DATA_DIR": str(data_dir), **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=said,
    )
    try:
        yield await _opened(process, data_dir)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), CLOSE_LIMIT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        said.close()


async def _opened(process: asyncio.subprocess.Process, data_dir: Path) -> House:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), OPEN_LIMIT_S)
        ready = json.loads(line)
    except (TimeoutError, ValueError):
        said = await asyncio.to_thread((data_dir / "launch.err").read_text, "utf-8")
        raise HouseFailed(said[-4000:]) from None
    return House(
        http_url=ready["http_url"],
        livekit_url=ready["livekit_url"],
        data_dir=data_dir,
        pids=ready.get("pids", {}),
    )
