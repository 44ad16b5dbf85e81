"""What people in the room may ask of the scene: RPCs and typed lines.

Owns rights and limits at that border. Only the learner whose session it is, or a trainer, is
obeyed; typed lines are cut at 2 KB and limited in rate; everything else in the room is ignored.
"""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

from livekit import rtc

from agents.roleplay.run import Roleplay
from agents.stage.live import LiveStage
from agents.stage.participants import Learner

CHAT_TOPIC = "lk.chat"
CHAT_LIMIT_BYTES = 2048
CHAT_LINES_PER_WINDOW = 8
CHAT_WINDOW_S = 10.0

FORBIDDEN = 1403
"""RPC error code, above the range that LiveKit keeps for itself."""

log = logging.getLogger(__name__)


class Commands:
    """Registers the scene's RPCs and its ear for typed lines on one room."""

    def __init__(self, room: rtc.Room, stage: LiveStage, roleplay: Roleplay, *, learner: Learner):
        self._room = room
        self._stage = stage
        self._roleplay = roleplay
        self._learner = learner
        self._typed_at: deque[float] = deque(maxlen=CHAT_LINES_PER_WINDOW)
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self) -> None:
        """Opens the border."""
        commands: dict[str, Callable[[], None]] = {
            "state": lambda: None,
            "pause": lambda: self._stage.pause("rpc"),
            "resume": lambda: self._stage.resume("rpc"),
            "skip": self._roleplay.skip,
            "end": self._end,
        }
        for name, command in commands.items():
            self._room.local_participant.register_rpc_method(
                f"repartee.{name}", self._handler(command)
            )
        self._room.register_text_stream_handler(CHAT_TOPIC, self._on_chat)

    def _end(self) -> None:
        self._stage.resume("rpc")  # or the closing could not be heard
        self._roleplay.end("learner")

    def _handler(
        self, command: Callable[[], None]
    ) -> Callable[[rtc.RpcInvocationData], Awaitable[str]]:
        async def handle(call: rtc.RpcInvocationData) -> str:
            if not self._may_steer(call.caller_identity):
                raise rtc.RpcError(FORBIDDEN, "only the learner or a trainer may steer this scene")
            command()
            return json.dumps(self._roleplay.state())

        return handle

    def _may_steer(self, identity: str) -> bool:
        if self._learner.owns(identity):
            return True
        person = self._room.remote_participants.get(identity)
        return person is not None and person.attributes.get("repartee.role") == "trainer"

    def _on_chat(self, reader: rtc.TextStreamReader, identity: str) -> None:
        if self._learner.owns(identity):
            task = asyncio.create_task(self._take(reader), name="chat")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take(self, reader: rtc.TextStreamReader) -> None:
        text = await _read(reader)
        if not text:
            return
        now_s = time.monotonic()
        full = len(self._typed_at) == CHAT_LINES_PER_WINDOW
        if full and now_s - self._typed_at[0] < CHAT_WINDOW_S:
            log.warning("chat.too_fast", extra={"room": self._room.name})
            return
        self._typed_at.append(now_s)
        await self._stage.typed(text)


async def _read(reader: rtc.TextStreamReader) -> str:
    """The text of a stream, at most `CHAT_LIMIT_BYTES` of it; the rest is never gathered."""
    parts: list[str] = []
    size = 0
    async for part in reader:
        parts.append(part)
        size += len(part.encode())
        if size >= CHAT_LIMIT_BYTES:
            break
    text = "".join(parts).encode()[:CHAT_LIMIT_BYTES].decode(errors="ignore")
    return " ".join(text.split())
