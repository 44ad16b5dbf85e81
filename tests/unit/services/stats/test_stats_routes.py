"""Circuits as all running processes see them, and the notes by which they tell."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.llm.plan.health import RouteHealth, RouteState
from services.llm.spec import ModelSpec, Tier
from services.stats.ports import HealthNote
from services.stats.routes import FRESH, LOOK_EVERY_S, POST_EVERY_S, HealthReporter, together
from services.stats.stats import Stats
from tests.fakes.booked import NOON
from tests.fakes.clock import LoopClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.stats import FakeHealthBoard, FakeTotals

LUNA = "openai/gpt-6-luna"
LUNA_SPEC = ModelSpec(
    id=LUNA, provider="openai", model="gpt-6-luna", tier=Tier.CHEAP, context_tokens=1000
)


def note(process: str, **said: Any) -> HealthNote:
    return HealthNote(process=process, at=NOON, routes={LUNA: {"state": "closed"} | said})


def seen(**fields: Any) -> RouteState:
    known: dict[str, Any] = {
        "route": LUNA, "state": "open", "opens_in_s": 3.0, "rests_s": 0.0, "p50_s": 0.4,
        "p95_s": 0.9, "samples": 12, "calls": 20, "failures": 5, "hedges": 0,
    }  # fmt: skip
    return RouteState(**(known | fields))


def test_the_worst_state_of_all_processes_is_told() -> None:
    (route,) = together([note("a"), note("b", state="open"), note("c", state="half_open")])
    assert (route.route, route.state, route.processes, route.open_in) == (LUNA, "open", 3, 1)


def test_times_count_by_how_many_were_seen() -> None:
    (route,) = together(
        [
            note("a", p50_s=0.2, p95_s=0.4, samples=30),
            note("b", p50_s=0.6, p95_s=0.8, samples=10),
            note("c", p50_s=9.0, p95_s=9.0, samples=0),
        ]
    )
    assert (route.first_token_p50_s, route.first_token_p95_s) == (0.3, 0.5)


def test_a_prior_is_not_told_as_a_measurement() -> None:
    (route,) = together([note("a", p50_s=0.5, p95_s=1.2, samples=0)])
    assert route.first_token_p50_s is None


@pytest.mark.parametrize("said", [None, [], "open", {"state": 7}, {"state": "melted"}, {}])
def test_o3_notes_of_another_version_break_nothing(said: object) -> None:
    told = together([HealthNote(process="new", at=NOON, routes={LUNA: said})])
    assert all(route.state == "unknown" for route in told)


async def test_a_real_snapshot_can_be_told() -> None:
    clock, board = LoopClock(), FakeHealthBoard()
    health = RouteHealth(clock)
    health.view(LUNA_SPEC)
    await HealthReporter(board, health.snapshot, clock, process="a").post()
    (route,) = together(await board.notes(since=clock.now() - FRESH))
    assert (route.route, route.state, route.processes) == (LUNA, "closed", 1)


async def test_process_posts_again_and_again_and_the_dead_are_forgotten() -> None:
    clock, board = LoopClock(), FakeHealthBoard()
    stats = Stats(FakeTotals(FakeLedger()), board, clock=clock)
    tasks = [
        asyncio.create_task(HealthReporter(board, lambda: [seen()], clock, process=name).run())
        for name in ("lives", "dies")
    ]
    await asyncio.sleep(POST_EVERY_S)
    tasks[1].cancel()
    await asyncio.sleep(30)
    assert [one.processes for one in (await stats.llm()).routes or ()] == [2]
    await asyncio.sleep(FRESH.total_seconds() + POST_EVERY_S)
    assert [one.processes for one in (await stats.llm()).routes or ()] == [1]
    assert len(await board.notes(since=NOON - timedelta(days=1))) == 1
    tasks[0].cancel()
    await asyncio.wait(tasks)


@pytest.mark.parametrize(
    "change", [{"state": "closed"}, {"rests_s": 2.0}, {"samples": 0}, {"route": "openai/other"}]
)
async def test_a_change_is_told_within_a_second(change: dict[str, Any]) -> None:
    clock, board, now = LoopClock(), FakeHealthBoard(), [seen()]
    task = asyncio.create_task(HealthReporter(board, lambda: now, clock, process="a").run())
    await asyncio.sleep(LOOK_EVERY_S / 2)
    (first,) = await board.notes(since=NOON - timedelta(days=1))
    now[0] = seen(**change)
    await asyncio.sleep(LOOK_EVERY_S)
    (second,) = await board.notes(since=NOON - timedelta(days=1))
    assert first.routes != second.routes
    assert second.at - first.at <= timedelta(seconds=LOOK_EVERY_S)
    task.cancel()
    await asyncio.wait({task})


async def test_the_first_call_of_a_process_is_told_within_a_second() -> None:
    clock, board, health = LoopClock(), FakeHealthBoard(), RouteHealth(LoopClock())
    task = asyncio.create_task(HealthReporter(board, health.snapshot, clock, process="a").run())
    await asyncio.sleep(LOOK_EVERY_S / 2)
    assert await board.notes(since=NOON - timedelta(days=1)) == ()
    health.view(LUNA_SPEC)
    await asyncio.sleep(LOOK_EVERY_S)
    assert [note.routes.keys() for note in await board.notes(since=clock.now() - FRESH)] == [{LUNA}]
    task.cancel()
    await asyncio.wait({task})


async def test_what_does_not_change_is_told_now_and_then() -> None:
    clock, told = LoopClock(), list[float]()

    class Board(FakeHealthBoard):
        async def post(self, note: HealthNote) -> None:
            told.append(clock.monotonic_s())

    def snapshot() -> list[RouteState]:
        return [seen(p50_s=clock.monotonic_s())]

    task = asyncio.create_task(HealthReporter(Board(), snapshot, clock, process="a").run())
    await asyncio.sleep(3 * POST_EVERY_S + LOOK_EVERY_S / 2)
    assert [round(at - told[0]) for at in told] == [0, 5, 10, 15]
    task.cancel()
    await asyncio.wait({task})


async def test_a_store_that_is_away_is_tried_again() -> None:
    clock, board = LoopClock(), FakeHealthBoard()
    board.down = True
    task = asyncio.create_task(HealthReporter(board, lambda: [seen()], clock, process="a").run())
    await asyncio.sleep(POST_EVERY_S * 2)
    board.down = False
    await asyncio.sleep(POST_EVERY_S)
    assert len(await board.notes(since=clock.now() - FRESH)) == 1
    task.cancel()
    await asyncio.wait({task})


async def test_a_process_that_asked_nobody_posts_nothing() -> None:
    board = FakeHealthBoard()
    await HealthReporter(board, lambda: (), LoopClock(), process="a").post()
    assert await board.notes(since=NOON - timedelta(days=1)) == ()
