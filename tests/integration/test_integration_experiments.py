"""An experiment as a house runs it: vendors on loopback, the ledger in SQL, and its guard."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.vendor import Delays, Vendor, vendor
from services.core.clock import SystemClock
from services.core.errors import ConfigError
from services.llm.entry import LedgerEntry
from services.llm.models.catalogue import SHIPPED
from services.llm.outcome import Source
from services.settings import Settings
from services.wiring import Services, open_services
from tests.wired import ledger, say, settings_of, stats, turn

QUICK = Delays(first_token_s=0.001, word_s=0.0)
SESSIONS = 24
TRIED = """
experiments:
  luna-or-small:
    tier: cheap
    variants:
      control: {weight: 0.5}
      small: {weight: 0.5, model: mistral/mistral-small-2603}
"""


class LaterClock(SystemClock):
    """The machine's clock, some time later."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> LaterClock:
    clock = LaterClock()
    monkeypatch.setattr("services.wiring.SystemClock", lambda: clock)
    return clock


@pytest.fixture
async def luna() -> AsyncIterator[Vendor]:
    async with vendor(delays=QUICK) as stub:
        yield stub


@pytest.fixture
async def small() -> AsyncIterator[Vendor]:
    async with vendor(delays=QUICK) as stub:
        yield stub


def house(folder: Path, luna: Vendor, small: Vendor, tried: str = TRIED) -> Settings:
    """The shipped models with an experiment, each vendor on its own address."""
    file = folder / "models.yaml"
    file.write_text(SHIPPED.read_text("utf-8") + tried, "utf-8")
    return settings_of(folder, luna.url, small.url, REPARTEE_MODELS=str(file))


async def play(services: Services, calls: int = 1) -> None:
    """A few turns of every session."""
    for n in range(SESSIONS * calls):
        await say(services, turn("Bonsoir", session=f"s-{n % SESSIONS}"))


async def booked(settings: Settings, count: int) -> tuple[LedgerEntry, ...]:
    """The ledger, once it holds so many answers."""
    async with asyncio.timeout(10):
        while True:
            entries = await ledger(settings)
            if sum(one.calls for one in entries) >= count:
                return entries
            await asyncio.sleep(0.05)


async def told(services: Services) -> tuple[Mapping[str, Any], dict[str, Mapping[str, Any]]]:
    (found,) = (await stats(services))["experiments"]
    return found, {one["name"]: one for one in found["variants"]}


async def test_sessions_are_divided_and_each_bill_is_its_arm_s(
    tmp_path: Path, luna: Vendor, small: Vendor, clock: LaterClock
) -> None:
    settings = house(tmp_path, luna, small)
    async with open_services(settings) as services:
        await play(services, calls=2)
        entries = await booked(settings, 2 * SESSIONS)
        clock.ahead = timedelta(minutes=15)
        found, arms = await told(services)
    assert {(one.session, one.variant, one.provider) for one in entries} == {
        (one.session, "luna-or-small/control", "openai")
        if one.provider == "openai"
        else (one.session, "luna-or-small/small", "mistral")
        for one in entries
    }
    assert len(luna.calls) + len(small.calls) == 2 * SESSIONS
    assert (found["state"], found["stopped_at"], found["worse_by"]) == ("running", None, 0.05)
    for name, stub in (("control", luna), ("small", small)):
        arm = arms[name]
        assert arm["calls"] == arm["succeeded"] == arm["first_token"]["count"] == len(stub.calls)
        assert arm["sessions"] == len(stub.calls) // 2
        assert arm["success_rate"] == 1.0
    assert arms["small"]["model"] == "mistral/mistral-small-2603"
    assert arms["small"]["difference_low"] < 0 < arms["small"]["difference_high"]
    assert found["sample_ratio_fits"] is True
    spent = sum(one.cost_nano for one in entries)
    assert sum(arm["cost_nano"] for arm in arms.values()) == spent > 0


async def test_l13_harm_stops_it_in_every_process_and_after_a_restart(
    tmp_path: Path, luna: Vendor, small: Vendor, clock: LaterClock
) -> None:
    """No word is missed meanwhile: the chain's next model answers for the one that fails."""
    settings = house(tmp_path, luna, small)
    small.fail("chat", "F2")
    async with open_services(settings) as services:
        await play(services, calls=2)
        entries = await booked(settings, 2 * SESSIONS)
        tried = next(one.session for one in entries if one.variant == "luna-or-small/small")
        assert all(one.source in {"live", "fallback"} for one in entries if one.calls)
        clock.ahead = timedelta(minutes=15)
        found, arms = await told(services)
        assert (found["state"], found["stopped_for"]) == ("stopped", "small")
        assert arms["small"]["success_rate"] == 0.0
        assert arms["control"]["success_rate"] == 1.0
        small.fail("chat", None)
        seen = len(small.calls)
        outcome = (await say(services, turn("Bonsoir", session=tried)))[1]
        assert (outcome.provider, outcome.variant) == ("openai", None)
    clock.ahead = timedelta(days=2)
    async with open_services(settings) as services:
        outcome = (await say(services, turn("Bonsoir", session=tried)))[1]
        assert (outcome.provider, outcome.variant, outcome.source) == ("openai", None, Source.LIVE)
        assert (await told(services))[0]["stopped_at"] == found["stopped_at"]
    assert len(small.calls) == seen


async def test_model_without_a_key_leaves_its_sessions_to_the_chain(
    tmp_path: Path, luna: Vendor, small: Vendor
) -> None:
    house(tmp_path, luna, small)
    settings = settings_of(tmp_path, luna.url, REPARTEE_MODELS=str(tmp_path / "models.yaml"))
    async with open_services(settings) as services:
        await play(services)
        entries = await booked(settings, SESSIONS)
        _, arms = await told(services)
    assert {one.variant for one in entries} == {"luna-or-small/control", None}
    assert len(luna.calls) == SESSIONS
    assert arms["small"]["model"] is None


async def test_o2_variant_that_is_dearer_than_its_tier_allows_stops_the_start(
    tmp_path: Path, luna: Vendor, small: Vendor
) -> None:
    dear = """
  mistral/dear:
    tier: cheap
    context_tokens: 1000
    prices: [{since: 2026-01-01, input: 50, output: 90, source: a page}]
"""
    settings = house(tmp_path, luna, small, dear + TRIED.replace("mistral-small-2603", "dear"))
    line = SHIPPED.read_text("utf-8").count("\n") + 12
    with pytest.raises(ConfigError, match=rf"models\.yaml:{line}: error E-TIER-PRICE mistral/dear"):
        async with open_services(settings):
            pass
