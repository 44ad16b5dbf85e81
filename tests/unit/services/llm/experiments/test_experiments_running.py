"""Who answers which session, and that an experiment ends itself, everywhere and for good."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.core.errors import BackendError
from services.llm.entry import LedgerEntry, Role
from services.llm.experiments.design import Experiment
from services.llm.experiments.results import BLOCK
from services.llm.experiments.running import LOOK_S, SETTLE, Experiments
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome, Source
from services.llm.request import Complexity, Message, Request, Scope, TaskType
from services.llm.spec import Tier
from tests.fakes.accounts import FakeAccounts
from tests.fakes.booked import NOON, booked
from tests.fakes.chat_model import Script
from tests.fakes.clock import FakeClock, LoopClock
from tests.fakes.experiments import CONTROL_MODEL, NOVA_MODEL, experiment
from tests.fakes.ledger import FakeLedger
from tests.fakes.observer import FakeObserver
from tests.fakes.optimizer import optimizer_on
from tests.fakes.results import FakeResults
from tests.fakes.routes import FakeRoute, fake_route

CONTROL_SESSION = next(
    f"s-{n}" for n in range(99) if experiment().assigned(f"s-{n}").name != "nova"
)
NOVA_SESSION = next(f"s-{n}" for n in range(99) if experiment().assigned(f"s-{n}").name == "nova")


class House:
    """One process: a ledger that may be shared, and experiments over three scripted models."""

    def __init__(
        self,
        *designs: Experiment,
        ledger: FakeLedger | None = None,
        clock: FakeClock | LoopClock | None = None,
        routed: bool = True,
    ) -> None:
        self.ledger = ledger or FakeLedger()
        self.results = FakeResults(self.ledger)
        self.clock = clock or FakeClock(NOON)
        self.observer = FakeObserver()
        script = Script(pieces=("Bonsoir", " à tous."))
        self.luna = fake_route(CONTROL_MODEL, script)
        self.small = fake_route("mistral/small", script)
        self.nova = fake_route(NOVA_MODEL, script)
        self.chain = (self.luna.route, self.small.route)
        models = [self.luna, self.small, *([self.nova] if routed else [])]
        self.experiments = Experiments(
            designs or (experiment(),),
            chains={Tier.CHEAP: self.chain, Tier.ADVANCED: self.chain},
            models={one.id: one.route for one in models},
            results=self.results,
            clock=self.clock,
            observer=self.observer,
        )

    def asked(self, session: str | None = NOVA_SESSION, tier: Tier = Tier.CHEAP) -> str | None:
        """The variant of that session's calls."""
        arm = self.experiments.arm(tier, session)
        return arm.label if arm else None

    def optimizer(self, accounts: FakeAccounts | None = None) -> LLMOptimizer:
        chain = self.chain
        return optimizer_on(
            chain, self.clock, advanced=chain, trials=self.experiments, accounts=accounts
        )


def request(session: str | None = NOVA_SESSION, **more: Any) -> Request:
    fields: dict[str, Any] = {
        "task": TaskType.AGENT_RESPONSE,
        "messages": (Message("user", "Bonsoir"),),
        "session": session,
        "use_cache": False,
        "complexity": Complexity.SIMPLE,
    }
    return Request(**fields | more)


def harm(count: int = 200) -> list[LedgerEntry]:
    """An hour ago: control always answers, nova every second time."""
    at = NOON - timedelta(hours=1)
    good = {"source": "live", "provider": "openai", "at": at}
    nova = {"variant": "luna-nova/nova", "model": "nova"}
    bad = {"role": Role.UNDERSTUDY, "source": "understudy", "fault": "deadline"}
    return [
        *(
            booked(f"c-{n}", variant="luna-nova/control", model="luna", **good)
            for n in range(count)
        ),
        *(booked(f"n-{n}", **good, **nova) for n in range(count // 2)),
        *(booked(f"b-{n}", **(good | nova | bad)) for n in range(count // 2)),
    ]


async def play(optimizer: LLMOptimizer, *requests: Request) -> Sequence[Outcome]:
    return [await optimizer.respond(one, understudy=lambda: "Hm.") for one in requests]


async def test_variant_s_model_is_asked_first_and_the_chain_stays_behind_it() -> None:
    house = House()
    await house.experiments.begin()
    nova, control = (
        house.experiments.arm(Tier.CHEAP, session) for session in (NOVA_SESSION, CONTROL_SESSION)
    )
    assert nova is not None
    assert control is not None
    assert [route.spec.id for route in nova.routes] == [NOVA_MODEL, CONTROL_MODEL, "mistral/small"]
    assert [route.spec.id for route in control.routes] == [CONTROL_MODEL, "mistral/small"]


async def test_model_that_is_in_the_chain_is_moved_and_not_doubled() -> None:
    again = replace(experiment().variants[1], model="mistral/small")
    house = House(experiment(again))
    await house.experiments.begin()
    arm = house.experiments.arm(Tier.CHEAP, NOVA_SESSION)
    assert arm is not None
    assert [route.spec.id for route in arm.routes] == ["mistral/small", CONTROL_MODEL]


async def test_l13_call_without_a_session_has_no_part() -> None:
    house = House()
    await house.experiments.begin()
    assert (house.asked(), house.asked(None)) == ("luna-nova/nova", None)
    assert house.asked(tier=Tier.ADVANCED) is None


async def test_l13_paused_experiment_leaves_all_to_the_chain() -> None:
    house = House(experiment(paused=True))
    await house.experiments.begin()
    assert house.asked() is None
    assert house.experiments.standings()[0].state == "paused"


async def test_model_without_a_route_is_left_out_and_control_goes_on() -> None:
    house = House(routed=False)
    await house.experiments.begin()
    assert house.asked() is None
    assert house.asked(CONTROL_SESSION) == "luna-nova/control"
    assert NOVA_MODEL not in house.experiments.standings()[0].models.values()


async def test_experiment_begins_at_midnight_of_its_day_in_utc() -> None:
    house = House(experiment(since=date(2026, 11, 22)))
    await house.experiments.begin()
    assert (house.asked(), house.experiments.standings()[0].state) == (None, "waiting")
    assert isinstance(house.clock, FakeClock)
    house.clock.advance(12 * 3600 - 1)
    await house.experiments.look()
    assert house.asked() is None
    house.clock.advance(1)
    await house.experiments.look()
    assert house.asked() == "luna-nova/nova"


async def test_what_was_booked_before_the_day_is_of_another_run() -> None:
    house = House(experiment(since=date(2026, 11, 21)))
    await house.ledger.add([replace(one, at=one.at - timedelta(days=1)) for one in harm()])
    await house.experiments.begin()
    standing = house.experiments.standings()[0]
    assert (standing.state, standing.tallies) == ("running", {})


async def test_until_the_ledger_was_read_nobody_is_given_a_variant() -> None:
    """It may have been stopped."""
    house = House()
    house.ledger.down = True
    await house.experiments.begin()
    assert (house.asked(), house.experiments.standings()[0].state) == (None, "unknown")
    with pytest.raises(BackendError):
        await house.experiments.look()
    house.ledger.down = False
    await house.experiments.look()
    assert house.asked() == "luna-nova/nova"


async def test_ledger_that_goes_away_later_changes_nothing() -> None:
    house = House()
    await house.experiments.begin()
    assert isinstance(house.clock, FakeClock)
    house.clock.advance(3600)
    house.ledger.down = True
    with pytest.raises(BackendError):
        await house.experiments.look()
    assert house.asked() == "luna-nova/nova"


async def test_l13_breached_guard_gives_everybody_control(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House(clock=FakeClock(NOON - timedelta(hours=2)))
    await house.experiments.begin()
    assert house.asked() == "luna-nova/nova"
    await house.ledger.add(harm())
    assert isinstance(house.clock, FakeClock)
    house.clock.advance(7200)
    with caplog.at_level(logging.WARNING):
        await house.experiments.look()
    assert (house.asked(), house.asked(CONTROL_SESSION)) == (None, None)
    (record,) = [one for one in caplog.records if one.message == "llm.experiment_stopped"]
    assert vars(record)["experiment"] == "luna-nova"
    assert vars(record)["variant"] == "nova"
    assert house.observer.named("experiment_stopped") == [{"experiment": "luna-nova"}]


async def test_l13_stop_survives_a_restart_and_holds_in_all_processes() -> None:
    first = House()
    await first.ledger.add(harm())
    await first.experiments.begin()
    stop = first.experiments.standings()[0].stop
    assert stop is not None
    assert stop.at == NOON - timedelta(hours=1) + BLOCK
    later = [
        booked(f"later-{n}", variant="luna-nova/nova", provider="openai", model="nova", at=NOON)
        for n in range(2000)
    ]
    await first.ledger.add(later)
    second = House(ledger=first.ledger, clock=FakeClock(NOON + timedelta(days=3)))
    await second.experiments.begin()
    assert second.experiments.standings()[0].stop == stop
    assert second.asked() is None
    assert second.observer.events == []  # it was counted when it happened


async def test_l13_other_experiment_goes_on_when_one_is_stopped() -> None:
    house = House(experiment(), experiment(id="calm", tier=Tier.ADVANCED))
    await house.ledger.add(harm())
    await house.experiments.begin()
    assert [one.state for one in house.experiments.standings()] == ["stopped", "running"]
    arm = house.experiments.arm(Tier.ADVANCED, "s-1")
    assert arm is not None
    assert arm.label.startswith("calm/")


async def test_each_booking_is_read_once_and_only_when_its_block_is_over() -> None:
    house = House()
    assert isinstance(house.clock, FakeClock)
    await house.experiments.begin()
    await house.experiments.look()
    assert house.results.asked == 1
    answer = {"variant": "luna-nova/control", "provider": "openai", "model": "luna"}
    await house.ledger.add([booked("a", at=NOON + timedelta(minutes=3), **answer)])
    house.clock.advance((BLOCK + SETTLE).total_seconds() - 1)
    await house.experiments.look()
    assert house.experiments.standings()[0].tallies == {}
    house.clock.advance(1)
    for _ in range(3):
        await house.experiments.look()
    tallies = house.experiments.standings()[0].tallies
    assert tallies == {"control": (1, 0)}
    assert house.results.asked <= 3


async def test_process_looks_every_minute_until_it_is_ended() -> None:
    house = House(clock=LoopClock(NOON - timedelta(hours=1)))
    await house.experiments.begin()
    task = asyncio.create_task(house.experiments.run())
    await house.ledger.add(harm())
    house.ledger.down = True
    await asyncio.sleep(LOOK_S * 30)
    assert house.asked() == "luna-nova/nova"
    house.ledger.down = False
    await asyncio.sleep(LOOK_S)
    assert house.asked() is None
    task.cancel()
    await asyncio.wait({task})


async def test_without_experiments_nothing_is_read_and_no_task_stays() -> None:
    house = House()
    none = Experiments(
        (), chains={}, models={}, results=house.results, clock=house.clock, observer=house.observer
    )
    await none.begin()
    await none.run()
    assert (house.results.asked, none.arm(Tier.CHEAP, "s-1"), none.chains) == (0, None, ())


async def test_l13_session_keeps_its_model_from_call_to_call() -> None:
    house = House(clock=LoopClock(NOON))
    await house.experiments.begin()
    optimizer = house.optimizer()
    outcomes = await play(
        optimizer, *(request(session) for session in (NOVA_SESSION, CONTROL_SESSION) * 3)
    )
    await optimizer.aclose()
    assert [one.model for one in outcomes] == ["nova", "luna"] * 3
    assert [one.variant for one in outcomes] == ["luna-nova/nova", "luna-nova/control"] * 3


async def test_answer_of_one_variant_is_not_served_to_another() -> None:
    house = House(clock=LoopClock(NOON))
    await house.experiments.begin()
    optimizer = house.optimizer()
    shared = {"use_cache": True, "scope": Scope.GLOBAL}
    outcomes = await play(
        optimizer,
        *(request(one, **shared) for one in (NOVA_SESSION, CONTROL_SESSION, NOVA_SESSION)),
    )
    await optimizer.aclose()
    assert [one.source for one in outcomes] == [Source.LIVE, Source.LIVE, Source.CACHED]
    assert [one.model for one in outcomes] == ["nova", "luna", "nova"]


async def test_l13_stop_reaches_what_was_decided_before() -> None:
    house = House(clock=LoopClock(NOON))
    await house.experiments.begin()
    optimizer = house.optimizer()
    (before,) = await play(optimizer, request())
    await house.ledger.add(harm())
    await asyncio.sleep(1200)
    await house.ledger.add([replace(one, id=f"{one.id}'", at=NOON) for one in harm()])
    await house.experiments.look()
    (after,) = await play(optimizer, request())
    await optimizer.aclose()
    assert (before.model, before.variant) == ("nova", "luna-nova/nova")
    assert (after.model, after.variant) == ("luna", None)


async def test_every_booking_of_a_call_names_its_variant() -> None:
    house = House(clock=LoopClock(NOON))
    await house.experiments.begin()
    accounts = FakeAccounts(house.clock)
    optimizer = house.optimizer(accounts)
    fault = Script(pieces=(), fault=BackendError("503", status=503, code="status_503"))
    broken: list[FakeRoute] = [house.nova, house.luna, house.small]
    for route in broken:
        route.chat.play(fault)
    (outcome,) = await play(optimizer, request())
    await optimizer.aclose()
    assert outcome.source is Source.UNDERSTUDY
    assert {ticket.ask.variant for ticket in accounts.tickets} == {"luna-nova/nova"}
    assert [one.variant for one in accounts.entries if one.role is Role.UNDERSTUDY] == [
        "luna-nova/nova"
    ]


async def test_models_that_are_tried_are_warmed_like_the_others() -> None:
    house = House(clock=LoopClock(NOON))
    await house.optimizer().warm()
    assert [one.chat.warmed for one in (house.luna, house.nova, house.small)] == [1, 1, 0]
