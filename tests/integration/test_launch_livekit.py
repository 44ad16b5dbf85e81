"""A real livekit-server under our config."""

from pathlib import Path

import pytest

from services.core.errors import BackendError
from services.launch.livekit_server import livekit_server
from services.launch.ports import http_status


async def test_two_servers_run_side_by_side_and_end_with_their_blocks(tmp_path: Path) -> None:
    async with (
        livekit_server(tmp_path / "one") as one,
        livekit_server(tmp_path / "two") as two,
    ):
        ports = one.address.port, two.address.port
        assert [await http_status(port) for port in ports] == [200, 200]
        assert one.api_secret != two.api_secret
    assert [await http_status(port) for port in ports] == [0, 0]


async def test_a_killed_server_comes_back_at_the_same_address(tmp_path: Path) -> None:
    async with livekit_server(tmp_path) as server:
        url, first = server.url, server.pid
        await server.kill()
        assert await http_status(server.address.port) == 0
        await server.start()
        assert server.url == url
        assert server.pid != first
        assert await http_status(server.address.port) == 200


async def test_a_server_that_dies_at_once_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"livekit\.log"):
        async with livekit_server(tmp_path, binary=Path("/bin/false")):
            pass
