"""The guards over all tests hold."""

import asyncio
import os
import socket

import pytest

from tests import conftest


@pytest.mark.parametrize("address", [("127.0.0.1", 80), ("192.0.2.1", 443)])
def test_unit_tests_reach_no_network(address: tuple[str, int]) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock,
        pytest.raises(AssertionError, match="reaches for the network"),
    ):
        sock.connect(address)


def test_unit_tests_look_up_no_host() -> None:
    with pytest.raises(AssertionError, match=r"api\.openai\.com"):
        socket.getaddrinfo("api.openai.com", 443)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("::", True),
        ("api.openai.com", False),
        ("192.0.2.1", False),
    ],
)
def test_other_tests_reach_this_machine_only(host: str, allowed: bool) -> None:
    assert conftest.is_loopback(host) is allowed


def test_no_variable_of_the_program_is_set() -> None:
    assert not [
        name for name in os.environ if name.startswith(("REPARTEE_", "OPENAI_", "LIVEKIT_"))
    ]


async def test_forgotten_task_of_ours_is_noticed() -> None:
    async def wait() -> None:
        await asyncio.sleep(60)

    forgotten = asyncio.create_task(wait())
    assert conftest.forgotten_tasks() == [forgotten]
    forgotten.cancel()
    await asyncio.wait({forgotten})
    assert conftest.forgotten_tasks() == []
