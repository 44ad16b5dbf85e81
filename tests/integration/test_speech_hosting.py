"""The host of a heavy engine on a real socket: bounded, fair to the impatient, hard to kill."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.speech.hosting import AlreadyRunning, Host, Work, sole_owner
from services.speech.wire import MAX_FRAME_BYTES, frame, json_frame, parse_json, read_frame


class Engine:
    """Work that waits until it is let go, and remembers what it did."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.done: list[int] = []

    def __call__(self, header: dict[str, Any], payload: bytes) -> dict[str, Any]:
        self.begun.set()
        if header.get("fail"):
            raise RuntimeError("what a person said")
        assert self.gate.wait(10)
        self.done.append(len(payload))
        return {"text": f"{len(payload)} bytes"}


@asynccontextmanager
async def serving(work: Work, socket: Path, **more: Any) -> AsyncIterator[Host]:
    host, ready = Host(work, **more), asyncio.Event()
    task = asyncio.create_task(host.serve(socket, ready=ready.set))
    await ready.wait()
    try:
        yield host
    finally:
        host.stop()
        await asyncio.wait_for(task, 10)


async def connect(socket: Path, header: dict[str, Any], payload: bytes) -> asyncio.StreamReader:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(json_frame(header) + frame(payload))
    await writer.drain()
    reader.writer = writer  # type: ignore[attr-defined] # closed with `leave`
    return reader


async def leave(reader: asyncio.StreamReader) -> None:
    writer: asyncio.StreamWriter = reader.writer  # type: ignore[attr-defined]
    writer.close()
    await writer.wait_closed()


async def ask(socket: Path, header: dict[str, Any], payload: bytes = b"") -> dict[str, Any]:
    reader = await connect(socket, header, payload)
    try:
        return parse_json(await asyncio.wait_for(read_frame(reader), 10))
    finally:
        await leave(reader)


async def until_queued(socket: Path, count: int) -> None:
    for _ in range(500):
        if (await ask(socket, {"op": "ping"}))["queued"] == count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never {count} in the queue")


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    """A path short enough for a socket."""
    return tmp_path / "h.sock"


async def test_m5_a_full_queue_refuses_at_once_with_429(socket: Path) -> None:
    engine = Engine()
    async with serving(engine, socket, queue_limit=2):
        waiting = [asyncio.create_task(ask(socket, {}, bytes(1)))]
        await asyncio.to_thread(engine.begun.wait, 10)
        waiting += [asyncio.create_task(ask(socket, {}, bytes(n))) for n in (2, 3)]
        await until_queued(socket, 2)
        assert await ask(socket, {}, bytes(4)) == {"error": "busy", "status": 429}
        engine.gate.set()
        texts = [answer["text"] for answer in await asyncio.gather(*waiting)]
    assert texts == ["1 bytes", "2 bytes", "3 bytes"]


async def test_m3_work_whose_client_left_is_never_begun(socket: Path) -> None:
    engine = Engine()
    async with serving(engine, socket):
        first = asyncio.create_task(ask(socket, {}, bytes(1)))
        await asyncio.to_thread(engine.begun.wait, 10)
        await leave(await connect(socket, {}, bytes(2)))
        last = asyncio.create_task(ask(socket, {}, bytes(3)))
        await until_queued(socket, 1)
        engine.gate.set()
        await asyncio.gather(first, last)
    assert engine.done == [1, 3]


async def test_d4_failing_work_ends_neither_the_host_nor_quotes_speech(socket: Path) -> None:
    engine = Engine()
    engine.gate.set()
    async with serving(engine, socket):
        answer = await ask(socket, {"fail": True})
        assert answer["error"] == "the engine failed: RuntimeError"
        assert (await ask(socket, {}, bytes(5)))["text"] == "5 bytes"


@pytest.mark.parametrize(
    "bytes_sent",
    [
        frame(b"no json") + frame(b""),
        json_frame({})[:3],
        (MAX_FRAME_BYTES + 1).to_bytes(4, "big"),
        frame(b"[1]") + frame(b""),
    ],
)
async def test_m9_a_malformed_or_endless_request_harms_nobody(
    socket: Path, bytes_sent: bytes
) -> None:
    engine = Engine()
    engine.gate.set()
    async with serving(engine, socket):
        reader, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(bytes_sent)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert (await ask(socket, {}, bytes(5)))["text"] == "5 bytes"


async def test_an_idle_host_ends_by_itself(socket: Path) -> None:
    await asyncio.wait_for(Host(Engine(), idle_exit_s=0.05).serve(socket), 10)


def test_a_second_host_steps_back_and_a_dead_one_leaves_nothing_in_the_way(socket: Path) -> None:
    socket.touch()
    with sole_owner(socket):
        assert not socket.exists()
        with pytest.raises(AlreadyRunning), sole_owner(socket):
            pass
    with sole_owner(socket):
        pass
