"""What a vendor bills and what the ledger, the purse and the stats say, over a real wire."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from bench import vendor_reply
from bench.vendor import Delays, Vendor, vendor
from services.llm.entry import LedgerEntry, Role
from services.llm.ledger.counterfactual import counterfactual
from services.llm.outcome import Source
from services.llm.request import Message, TaskType
from services.wiring import Services, open_services
from tests.bills import assert_bills_are_booked, assert_estimated
from tests.fakes.clock import JumpingClock
from tests.integration.purse_worker import opened_purse
from tests.wired import LINE, SCENE, budget, ledger, say, settings_of, spent, stats, turn

QUICK = Delays(first_token_s=0.01, word_s=0.002)
LIST_NANO = {
    "gpt-6-luna": (100, 10, 125, 500),
    "gpt-6.1-terra": (1000, 50, 1250, 5000),
    "mistral-small-2603": (150, 15, 150, 600),
    "mistral-large-4": (700, 70, 700, 2100),
}
"""Nano-USD a token: input, cached, cache write, output. Source: the vendors' price pages as
genai-prices 0.2.3 holds them, 2026-11-21."""

ROOMY = "session=1, user/day=5, day=10"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> JumpingClock:
    clock = JumpingClock()
    monkeypatch.setattr("services.wiring.SystemClock", lambda: clock)
    return clock


@pytest.fixture
async def stubs() -> AsyncIterator[tuple[Vendor, Vendor]]:
    async with vendor(delays=QUICK) as first, vendor(delays=QUICK) as second:
        yield first, second


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO):
        yield caplog


async def settled(*stubs: Vendor) -> None:
    """Every vendor has noticed that its calls are over."""
    for stub in stubs:
        await stub.settled()


def oracle(entry: LedgerEntry) -> int:
    """The price of an entry by hand."""
    usage = entry.usage
    plain, cached, write, output = LIST_NANO[str(entry.model)]
    return (
        (usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens) * plain
        + usage.cached_tokens * cached
        + usage.cache_write_tokens * write
        + usage.completion_tokens * output
    )


async def purse_says(services: Services, **ids: Any) -> list[int]:
    """What is spent, read from the data folder by somebody else."""
    async with opened_purse(str(services.settings.data_dir)) as purse:
        return await spent(purse, budget(services, **ids))


async def assert_agree(services: Services, entries: tuple[LedgerEntry, ...]) -> None:
    """Stats, ledger and purse tell the same sums."""
    total = sum(entry.cost_nano for entry in entries)
    found = await stats(services)
    assert found["counterfactual"]["spent_nano"] == total
    assert found["calls"] == sum(entry.calls for entry in entries)
    assert found["tokens"]["prompt"] == sum(
        e.usage.prompt_tokens for e in entries if e.role not in {Role.CACHED, Role.DECK}
    )
    assert found["total_savings"] == f"${counterfactual(entries).saved_nano / 10**9:.2f}"
    assert set(await purse_says(services, session="s-1", user="ada")) == {total}


async def test_whole_answers_cost_what_vendors_bill_to_the_token(
    stubs: tuple[Vendor, Vendor], tmp_path: Path
) -> None:
    """Both tiers, streamed and whole answers, and prompts that vendors found in their caches."""
    first, _ = stubs
    settings = settings_of(tmp_path, first.url, REPARTEE_BUDGETS=ROOMY)
    rules = Message("system", SCENE * 16)
    async with open_services(settings) as services:
        for number in range(4):
            question = Message("user", f"Point {number} : que répondez-vous au ministre ?")
            await say(services, turn("", messages=(rules, question)))
            outcome = await services.optimizer.respond(
                turn("", task=TaskType.ORCHESTRATION, messages=(rules, question))
            )
            assert outcome.complete
        await services.books.flush()
        entries = await ledger(settings)
        await assert_agree(services, entries)
    assert not assert_bills_are_booked(entries, first)
    bill = first.bill()
    assert (bill.calls, len(entries)) == (8, 8)
    assert min(bill.cached_tokens, bill.cache_write_tokens) > 0
    assert {entry.model for entry in entries} == {"gpt-6-luna", "gpt-6.1-terra"}
    assert [entry.cost_nano for entry in entries] == [oracle(entry) for entry in entries]


FAULTS = tuple(f"F{number}" for number in range(1, 17))
HUNG_UP = {"F4", "F5"}
"""The stub sends no bill then; a vendor might, so that an estimate is booked."""


async def test_f1_to_f16_every_attempt_is_booked_as_billed_or_as_an_estimate_within_bounds(
    stubs: tuple[Vendor, Vendor], tmp_path: Path, clock: JumpingClock
) -> None:
    """The first vendor has one fault after the other, and then both have it."""
    first, second = stubs
    settings = settings_of(tmp_path, first.url, second.url, REPARTEE_BUDGETS=ROOMY)
    async with open_services(settings) as services:
        for number, fault in enumerate((*FAULTS, *FAULTS)):
            clock.ahead_s += 3600
            first.fail("chat", fault)
            second.fail("chat", fault if number >= len(FAULTS) else None)
            words = f"Point {number} : que dites-vous de la réforme du fret, madame ?"
            said, outcome = await say(services, turn(words, deadline_s=1.0))
            assert said, fault
            assert first.calls[-1].fault == fault
            if outcome.source is Source.UNDERSTUDY:
                assert said == LINE, "never one sentence after another's beginning"
        await settled(*stubs)
        await services.books.flush()
        entries = await ledger(settings)
        await assert_agree(services, entries)
    rest = assert_bills_are_booked(entries, first, second)
    hung_up = sum(call.fault in HUNG_UP for stub in stubs for call in stub.calls)
    assert_estimated(rest, reset=hung_up)
    assert len(rest.billed) >= 12
    assert [entry.cost_nano for entry in entries if entry.provider] == [
        oracle(entry) if entry.model else 0 for entry in entries if entry.provider
    ]


async def test_barge_ins_are_booked_as_estimates_within_bounds(
    stubs: tuple[Vendor, Vendor], tmp_path: Path
) -> None:
    """Words in mid-answer, before the first one, and after the last: each booked once."""
    first, _ = stubs
    first.delays = Delays(first_token_s=0.05, word_s=0.02)
    settings = settings_of(tmp_path, first.url, REPARTEE_BUDGETS=ROOMY)
    async with open_services(settings) as services:
        for pieces in (0, 1, 2, 3, 99):
            request = turn(f"Je vous coupe après {pieces} morceaux de votre réponse, madame.")
            answer = services.optimizer.stream(request, understudy=lambda: LINE)
            async with aclosing(answer):
                if not pieces:
                    await _until_called(first)
                for _ in range(pieces):
                    if await anext(answer, None) is None:
                        break
        await settled(first)
        await services.books.flush()
        entries = await ledger(settings)
        await assert_agree(services, entries)
    assert [entry.role for entry in entries].count(Role.CANCELLED) == 4
    assert all(e.usage.estimated == (e.role is Role.CANCELLED) for e in entries)
    assert_estimated(assert_bills_are_booked(entries, first))


async def _until_called(stub: Vendor) -> None:
    async with asyncio.timeout(10):
        while not stub.calls:  # noqa: ASYNC110 - the vendor has no event for it
            await asyncio.sleep(0.005)


async def test_l8_unknown_price_books_the_tiers_dearest_and_tells_once(
    stubs: tuple[Vendor, Vendor], tmp_path: Path, told: pytest.LogCaptureFixture
) -> None:
    first, _ = stubs
    settings = settings_of(
        tmp_path, first.url, OPENAI_MODEL="nobody-prices-this", REPARTEE_BUDGETS=ROOMY
    )
    async with open_services(settings) as services:
        for number in range(2):
            await say(services, turn(f"Question {number} ?"))
        await services.books.flush()
        entries = await ledger(settings)
        await assert_agree(services, entries)
    assert [entry.model for entry in entries] == ["nobody-prices-this"] * 2
    cheap = [LIST_NANO["gpt-6-luna"], LIST_NANO["mistral-small-2603"]]
    for entry in entries:
        used = entry.usage
        least = used.prompt_tokens * max(one[0] for one in cheap)
        assert entry.cost_nano >= least + used.completion_tokens * max(one[3] for one in cheap)
    warned = [one for one in told.records if one.message == "llm.price_unknown"]
    assert [getattr(one, "model", None) for one in warned] == ["openai/nobody-prices-this"]


async def test_l9_missing_usage_is_an_estimate_that_the_stats_show(
    stubs: tuple[Vendor, Vendor], tmp_path: Path
) -> None:
    first, _ = stubs
    first.fail("chat", "F15")
    settings = settings_of(tmp_path, first.url, REPARTEE_BUDGETS=ROOMY)
    async with open_services(settings) as services:
        _, outcome = await say(services, turn("Que dites-vous de la réforme du fret, madame ?"))
        await services.books.flush()
        entries = await ledger(settings)
        found = await stats(services)
    assert outcome.cost_estimated
    assert [(entry.role, entry.usage.estimated) for entry in entries] == [(Role.SERVED, True)]
    assert found["counterfactual"]["estimated_nano"] == entries[0].cost_nano > 0
    assert_estimated(assert_bills_are_booked(entries, first))


NONSENSE: dict[str, dict[str, Any]] = {
    "negative": {"prompt_tokens": -5, "completion_tokens": -1},
    "nan": {"prompt_tokens": float("nan"), "completion_tokens": 3},
    "endless": {"prompt_tokens": float("inf"), "completion_tokens": 3},
    "absurd": {"prompt_tokens": 10**30, "completion_tokens": 3},
    "text": {"prompt_tokens": "many", "completion_tokens": None},
    "more_cached_than_sent": {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 9999, "cache_write_tokens": -3},
    },
    "no_object": {"prompt_tokens_details": ["?"], "prompt_tokens": 100, "completion_tokens": 20},
}


@pytest.mark.parametrize("wrong", NONSENSE)
async def test_l12_usage_that_cannot_be_true_leaves_every_sum_right(
    stubs: tuple[Vendor, Vendor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    first, _ = stubs
    monkeypatch.setattr(
        vendor_reply.Reply, "_usage", lambda _: {"usage": NONSENSE[wrong] | {"total_tokens": 1}}
    )
    settings = settings_of(tmp_path, first.url, REPARTEE_BUDGETS=ROOMY)
    async with open_services(settings) as services:
        said, outcome = await say(services, turn("Que dites-vous de la réforme du fret ?"))
        whole = await services.optimizer.respond(turn("Et du reste, que dites-vous donc ?"))
        await services.books.flush()
        entries = await ledger(settings)
        await assert_agree(services, entries)
    assert (outcome.source, whole.source) == (Source.LIVE, Source.LIVE)
    assert said != LINE
    assert len(entries) == 2
    for entry in entries:
        used = entry.usage
        assert 0 < used.prompt_tokens < 1000
        assert 0 < used.completion_tokens < 1000
        assert 0 <= used.cached_tokens + used.cache_write_tokens <= used.prompt_tokens
        assert entry.cost_nano == oracle(entry) > 0
        assert entry.usage.estimated or wrong in {"more_cached_than_sent", "no_object"}
