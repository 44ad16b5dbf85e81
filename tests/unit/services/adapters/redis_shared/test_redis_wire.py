"""One connection for all calls: replies in order, one clock for all, and cancelled callers."""

import asyncio

import hiredis
import pytest

from services.adapters.redis_shared.wire import Wire
from services.core.errors import BackendError, BackendTimeout


class FakeTransport(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        self.aborted = True


class Line:
    """A wire, its other end, and the causes for which it was lost."""

    def __init__(self) -> None:
        self.causes: list[str] = []
        self.far = FakeTransport()
        self.wire = Wire(timeout_s=0.025, lost=lambda _, cause: self.causes.append(cause))
        self.wire.connection_made(self.far)


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def test_replies_belong_to_commands_in_order_however_they_are_cut() -> None:
    line = Line()
    one, two, three = (
        line.wire.send(("GET", "a")),
        line.wire.send(("GET", "b")),
        line.wire.send(("INCRBY", "c", 2)),
    )
    for byte in b"$2\r\nhm\r\n$-1\r\n:42\r\n":
        line.wire.data_received(bytes([byte]))
    assert (await one, await two, await three) == (b"hm", None, 42)
    assert line.far.written[2] == b"*3\r\n$6\r\nINCRBY\r\n$1\r\nc\r\n$1\r\n2\r\n"


async def test_refusal_is_a_value_of_its_own_call_only() -> None:
    line = Line()
    one, two = line.wire.send(("GET", "a")), line.wire.send(("GET", "b"))
    line.wire.data_received(b"-WRONGTYPE no\r\n$2\r\nhm\r\n")
    assert isinstance(await one, hiredis.ReplyError)
    assert await two == b"hm"


async def test_cancelled_caller_leaves_its_reply_unread() -> None:
    line = Line()
    one, two = line.wire.send(("GET", "a")), line.wire.send(("GET", "b"))
    one.cancel()
    line.wire.data_received(b"$3\r\none\r\n$3\r\ntwo\r\n")
    assert await two == b"two"
    assert line.causes == []


async def test_c1_silence_ends_the_connection_after_its_time_and_all_that_wait() -> None:
    line = Line()
    began_s = now_s()
    one = line.wire.send(("GET", "a"))
    await asyncio.sleep(0.020)
    two = line.wire.send(("GET", "b"))
    with pytest.raises(BackendTimeout):
        await one
    assert now_s() - began_s == pytest.approx(0.025)
    with pytest.raises(BackendTimeout) as caught:
        await two
    assert caught.value.code == "redis"
    assert now_s() - began_s == pytest.approx(0.025)
    assert line.causes == ["timeout"]
    assert line.far.aborted


async def test_time_counts_for_each_call_from_its_own_start() -> None:
    line = Line()
    for _ in range(5):
        asked = line.wire.send(("GET", "a"))
        await asyncio.sleep(0.020)
        line.wire.data_received(b"$-1\r\n")
        assert await asked is None
    await asyncio.sleep(1)
    assert line.causes == []


async def test_c1_reply_that_lay_there_while_the_loop_was_busy_is_no_timeout() -> None:
    """The loop looks at sockets before timers: 25 ms of other work is not a slow server."""
    line = Line()
    asked = line.wire.send(("GET", "a"))
    asyncio.get_running_loop().call_soon(line.wire.data_received, b"$2\r\nhm\r\n")
    asyncio.get_running_loop().jump(0.5)  # type: ignore[attr-defined]
    assert await asked == b"hm"
    assert line.causes == []


@pytest.mark.parametrize("noise", [b"HTTP/1.1 400 Bad Request\r\n", b"+unasked\r\n"])
async def test_what_is_no_redis_is_left(noise: bytes) -> None:
    line = Line()
    asked = line.wire.send(("GET", "a")) if noise.startswith(b"H") else None
    line.wire.data_received(noise)
    assert line.causes == ["protocol"]
    if asked:
        with pytest.raises(BackendError):
            await asked


async def test_lost_connection_fails_all_that_wait_and_all_that_come() -> None:
    line = Line()
    asked = line.wire.send(("GET", "a"))
    line.wire.connection_lost(None)
    for call in (asked, line.wire.send(("GET", "b"))):
        with pytest.raises(BackendError):
            await call
    assert line.causes == ["lost"]
    line.wire.connection_lost(None)
    line.wire.close()
    assert line.causes == ["lost"]


async def test_closing_is_no_loss() -> None:
    line = Line()
    asked = line.wire.send(("GET", "a"))
    line.wire.close()
    with pytest.raises(BackendError):
        await asked
    assert line.causes == []


async def test_thousand_calls_at_once_are_all_answered() -> None:
    line = Line()
    asked = [line.wire.send(("PING",)) for _ in range(1000)]
    line.wire.data_received(b"+PONG\r\n" * 1000)
    assert await asyncio.gather(*asked) == [b"PONG"] * 1000
