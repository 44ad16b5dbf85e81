"""The model's host with a scripted engine: order, deadlines, limits, bad clients."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from services.adapters.llama.host import Host
from services.adapters.llama.wire import MAX_LINE_BYTES, Asked, chat_line, line, read_line
from services.core.errors import BackendError
from services.llm.request import Message

ASKED = Asked(
    messages=(Message("user", "a"),),
    max_tokens=10,
    temperature=0.8,
    schema=None,
    deadline_s=30.0,
    limit_s=30.0,
    spoken=False,
)


class ScriptedEngine:
    """Answers each request with its own text once it is let go; can be aborted meanwhile."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.done: list[str] = []
        self._aborted = threading.Event()

    def answer(self, asked: Asked, say: Callable[[str], None]) -> dict[str, Any]:
        text = asked.messages[-1].content
        if text == "fail":
            raise RuntimeError("what a person said")
        self.begun.set()
        while not self.gate.wait(0.01):
            if self._aborted.is_set():
                raise BackendError("withdrawn", code="aborted")
        self.done.append(text)
        say(text)
        usage = {"prompt_tokens": 1, "cached_tokens": 0, "completion_tokens": 1}
        return {"finish": "stop", "usage": usage}

    def abort(self) -> None:
        self._aborted.set()

    def clear(self) -> None:
        self._aborted.clear()


@asynccontextmanager
async def serving(engine: ScriptedEngine, socket: Path, **more: Any) -> AsyncIterator[Host]:
    host, ready = Host(engine, **more), asyncio.Event()
    task = asyncio.create_task(host.serve(socket, ready=ready.set))
    await ready.wait()
    try:
        yield host
    finally:
        host.stop()
        await asyncio.wait_for(task, 10)


async def ask(socket: Path, text: str = "a", **more: Any) -> list[dict[str, Any]]:
    """All lines of one answer, but that it was taken."""
    asked = replace(ASKED, messages=(Message("user", text),), **more)
    reader, writer = await asyncio.open_unix_connection(str(socket), limit=MAX_LINE_BYTES)
    try:
        writer.write(chat_line(asked))
        lines = []
        async with asyncio.timeout(20):
            while message := await read_line(reader):
                lines.append(message)
        return [told for told in lines if "taken" not in told]
    finally:
        writer.close()


async def state(socket: Path) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(line({"op": "ping"}))
        return await read_line(reader) or {}
    finally:
        writer.close()


async def until_waiting(socket: Path, count: int) -> None:
    async with asyncio.timeout(20):
        while (await state(socket))["waiting"] != count:  # noqa: ASYNC110 - another's state
            await asyncio.sleep(0.01)


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    """A path short enough for a socket."""
    return tmp_path / "l.sock"


async def test_spoken_words_go_before_the_background(socket: Path) -> None:
    engine = ScriptedEngine()
    async with serving(engine, socket):
        asking = [asyncio.create_task(ask(socket, "first"))]
        await asyncio.to_thread(engine.begun.wait, 10)
        for count, (text, spoken) in enumerate(
            [("debrief", False), ("reply", True), ("reaction", True)], start=1
        ):
            asking.append(asyncio.create_task(ask(socket, text, spoken=spoken)))
            await until_waiting(socket, count)
        engine.gate.set()
        await asyncio.gather(*asking)
    assert engine.done == ["first", "reply", "reaction", "debrief"]


async def test_l4_who_has_waited_too_long_is_refused_while_another_is_answered(
    socket: Path,
) -> None:
    engine = ScriptedEngine()
    async with serving(engine, socket):
        first = asyncio.create_task(ask(socket, "first", max_tokens=1))
        await asyncio.to_thread(engine.begun.wait, 10)
        (refused,) = await ask(socket, "late", deadline_s=0.3, max_tokens=1)
        assert (refused["error"], refused["retryable"]) == ("busy", True)
        engine.gate.set()
        assert (await first)[-1]["finish"] == "stop"
    assert engine.done == ["first"]


async def test_b5_an_answer_that_takes_too_long_is_ended(socket: Path) -> None:
    engine = ScriptedEngine()
    async with serving(engine, socket):
        (ended,) = await ask(socket, "endless", limit_s=0.1)
        assert ended["error"] == "timeout"
        engine.gate.set()
        assert (await ask(socket, "next"))[0] == {"text": "next"}


async def test_m3_a_request_whose_client_left_is_never_begun(socket: Path) -> None:
    engine = ScriptedEngine()
    async with serving(engine, socket):
        first = asyncio.create_task(ask(socket, "first"))
        await asyncio.to_thread(engine.begun.wait, 10)
        leaving = asyncio.create_task(ask(socket, "left"))
        await until_waiting(socket, 1)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await until_waiting(socket, 0)
        engine.gate.set()
        await first
    assert engine.done == ["first"]


async def test_d4_failing_work_ends_neither_the_host_nor_quotes_speech(socket: Path) -> None:
    engine = ScriptedEngine()
    engine.gate.set()
    async with serving(engine, socket):
        (failed,) = await ask(socket, "fail")
        assert (failed["error"], "said" in failed["message"]) == ("backend", False)
        assert (await ask(socket, "next"))[0] == {"text": "next"}


@pytest.mark.parametrize(
    "sent",
    [
        b"no json\n",
        b"[1]\n",
        b"{}\n",
        b'{"op": "chat"}\n',
        line({"op": "chat", **asdict(ASKED), "messages": []}),
        line({"op": "chat", **asdict(ASKED), "messages": [{"role": "tool", "content": "a"}]}),
        line({"op": "chat", **asdict(ASKED), "max_tokens": 0}),
        line({"op": "chat", **asdict(ASKED), "deadline_s": float("nan")}),
        line({"op": "chat", **asdict(ASKED), "schema": 7}),
        b"x" * (MAX_LINE_BYTES + 10),
        b'{"op": "chat"',
    ],
)
async def test_m9_a_malformed_or_endless_line_harms_nobody(socket: Path, sent: bytes) -> None:
    engine = ScriptedEngine()
    engine.gate.set()
    async with serving(engine, socket):
        reader, writer = await asyncio.open_unix_connection(str(socket))
        try:
            writer.write(sent)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
        except ConnectionError:
            pass
        finally:
            writer.close()
        assert (await ask(socket, "next"))[0] == {"text": "next"}


async def test_a_stopped_host_tells_who_waits(socket: Path) -> None:
    engine = ScriptedEngine()
    async with serving(engine, socket) as host:
        asking = [asyncio.create_task(ask(socket, "first"))]
        await asyncio.to_thread(engine.begun.wait, 10)
        asking.append(asyncio.create_task(ask(socket, "second")))
        await until_waiting(socket, 1)
        host.stop()
        ends = [answer[-1]["error"] for answer in await asyncio.gather(*asking)]
    assert ends == ["aborted", "busy"]
