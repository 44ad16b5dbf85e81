"""A blocked event loop is measured and logged (failures.md S12)."""

import asyncio
import logging
import time

import pytest
from prometheus_client import REGISTRY

from services.telemetry.loop import watch_loop


async def watched(block_s: float, late_s: float) -> None:
    task = asyncio.create_task(watch_loop(every_s=0.01, late_s=late_s))
    await asyncio.sleep(0)
    time.sleep(block_s)  # noqa: ASYNC251 - the blocking is what is watched
    await asyncio.sleep(0.03)
    task.cancel()
    await asyncio.wait({task})


async def test_s12_blocked_loop_is_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    name = "repartee_loop_blocked_seconds_sum"
    before = REGISTRY.get_sample_value(name) or 0.0
    with caplog.at_level(logging.WARNING):
        await watched(block_s=0.15, late_s=0.05)
    assert "loop.blocked" in caplog.messages
    assert (REGISTRY.get_sample_value(name) or 0.0) > before + 0.05


async def test_loop_that_is_on_time_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    await watched(block_s=0.0, late_s=60.0)
    assert caplog.messages == []
