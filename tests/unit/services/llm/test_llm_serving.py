"""Who serves a call, in which order, and what it is booked as. Seconds here are virtual."""

import asyncio
from typing import Any

import pytest

from services.llm.decide import Policy
from services.llm.entry import Role
from services.llm.ledger.glide import CHEAP, SHORTER, WORDS
from services.llm.models.thresholds import Thresholds
from services.llm.outcome import Level, Outcome, Source
from services.llm.request import Complexity, Message, Request, Scope, TaskType
from services.llm.spec import Tier
from tests.fakes.accounts import FakeAccounts
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import FakeLevels, Told, optimizer_on, route_to
from tests.fakes.shared_cache import FakeSharedCache

MESSAGES = (Message("user", "Bonsoir à tous, le débat commence."),)
LINES = [Script(pieces=(f"Réponse numéro {n}, ", "la voici.")) for n in range(60)]


def ask(**more: Any) -> Request:
    known = {"task": TaskType.AGENT_RESPONSE, "messages": MESSAGES, "spoken": True}
    return Request(**{**known, **more})


def by(persona: str = "morel", session: str = "s-1", **more: Any) -> Request:
    return ask(persona=persona, session=session, scenario="debat-tv", **more)


def understudy() -> str:
    return "Pouvez-vous préciser ?"


async def heard(optimizer: Any, request: Request, **more: Any) -> tuple[list[str], Outcome]:
    answer = optimizer.stream(request, understudy=understudy, **more)
    pieces = [piece async for piece in answer]
    assert answer.outcome is not None
    return pieces, answer.outcome


async def test_equal_call_is_served_from_this_process_as_a_stream_and_costs_nothing() -> None:
    model, clock = FakeChatModel(*LINES), LoopClock()
    accounts = FakeAccounts(clock)
    optimizer = optimizer_on(model, clock, accounts=accounts)
    first, live = await heard(optimizer, ask(session="s-1"))
    again, cached = await heard(optimizer, ask(session="s-1"))
    assert "".join(again) == "".join(first)
    assert len(again) > 1
    assert (cached.source, cached.level, cached.cost_nano) == (Source.CACHED, Level.PROCESS, 0)
    assert (cached.saved_nano, cached.model) == (live.cost_nano, live.model)
    assert len(model.requests) == 1
    assert [entry.role for entry in accounts.entries] == [Role.SERVED, Role.CACHED]
    assert [entry.calls for entry in accounts.entries] == [1, 1]


async def test_character_does_not_parrot_within_a_session_but_another_session_is_served() -> None:
    model = FakeChatModel(*LINES)
    optimizer = optimizer_on(model, LoopClock())
    said = [(await heard(optimizer, by(scope=Scope.SCENARIO)))[1] for _ in range(3)]
    assert len({outcome.text for outcome in said}) == 3
    assert [outcome.source for outcome in said] == [Source.LIVE] * 3
    _, other = await heard(optimizer, by(session="s-2", scope=Scope.SCENARIO))
    assert other.source is Source.CACHED
    assert other.text in {outcome.text for outcome in said}


async def test_line_that_nobody_listened_to_may_be_served_again() -> None:
    """An answer prepared ahead and thrown away was paid for and never heard."""
    model = FakeChatModel(*LINES)
    optimizer = optimizer_on(model, LoopClock())
    prepared = optimizer.stream(by(), understudy=understudy)
    await asyncio.sleep(1)
    await prepared.aclose()
    _, outcome = await heard(optimizer, by())
    assert outcome.source is Source.CACHED
    assert len(model.requests) == 1


async def test_line_that_was_cut_off_by_its_speaker_counts_as_heard() -> None:
    """The guard closes an answer once a character has said enough; the session heard it."""
    model = FakeChatModel(*LINES)
    optimizer = optimizer_on(model, LoopClock())
    first = optimizer.stream(by(), understudy=understudy)
    assert await anext(first)
    await asyncio.sleep(1)
    await first.aclose()
    _, outcome = await heard(optimizer, by())
    assert outcome.source is Source.LIVE


async def test_c2_words_of_one_session_are_not_served_to_another() -> None:
    model = FakeChatModel(*LINES)
    optimizer = optimizer_on(model, LoopClock())
    await heard(optimizer, ask(session="s-1"))
    _, other = await heard(optimizer, ask(session="s-2"))
    assert other.source is Source.LIVE


async def test_c4_fifty_equal_calls_at_once_are_one() -> None:
    model, clock = FakeChatModel(Script(first_s=0.2, each_s=0.1)), LoopClock()
    accounts = FakeAccounts(clock)
    optimizer = optimizer_on(model, clock, accounts=accounts)
    told = await asyncio.gather(*(heard(optimizer, ask(session="s-1")) for _ in range(50)))
    assert len(model.requests) == 1
    assert {outcome.text for _, outcome in told} == {"Bonsoir à tous."}
    assert [outcome.source for _, outcome in told].count(Source.LIVE) == 1
    assert {o.level for _, o in told if o.source is Source.CACHED} == {Level.FLIGHT}
    assert sum(outcome.cost_nano for _, outcome in told) == accounts.entries[0].cost_nano
    assert sum(entry.calls for entry in accounts.entries) == 50


async def test_one_waiter_that_leaves_harms_no_other_and_the_last_ends_the_stream() -> None:
    model = FakeChatModel(Script(first_s=0.2, each_s=0.5))
    optimizer = optimizer_on(model, LoopClock())
    gone, stays = (optimizer.stream(ask(session="s-1"), understudy=understudy) for _ in range(2))
    await asyncio.sleep(0.3)
    await gone.aclose()
    assert "".join([piece async for piece in stays]) == "Bonsoir à tous."
    assert model.closed == 0
    last = optimizer.stream(ask(session="s-2"), understudy=understudy)
    await asyncio.sleep(0.3)
    await last.aclose()
    assert model.closed == 1


async def test_equal_call_with_less_time_does_not_wait_for_the_one_under_way() -> None:
    optimizer = optimizer_on(FakeChatModel(Script(first_s=1.5)), LoopClock())
    patient = optimizer.stream(ask(session="s-1"), understudy=understudy)
    await asyncio.sleep(0.1)
    _, hasty = await heard(optimizer, ask(session="s-1", deadline_s=0.4))
    assert (hasty.source, hasty.fault, hasty.cost_nano) == (Source.UNDERSTUDY, "deadline", 0)
    assert "".join([piece async for piece in patient]) == "Bonsoir à tous."


@pytest.mark.parametrize("more", [{"use_cache": False}, {"cache_ttl_s": 0.0}])
async def test_call_that_wants_no_cache_is_made_again(more: dict[str, Any]) -> None:
    model = FakeChatModel(*LINES)
    optimizer = optimizer_on(model, LoopClock())
    for _ in range(2):
        await heard(optimizer, ask(session="s-1", **more))
    assert len(model.requests) == 2


async def test_cache_can_be_switched_off() -> None:
    model = FakeChatModel(*LINES)
    optimizer = optimizer_on(model, LoopClock(), policy=Policy(cache=False))
    for _ in range(2):
        await heard(optimizer, ask(session="s-1"))
    assert len(model.requests) == 2


async def test_c7_broken_answer_is_not_served_again() -> None:
    model = FakeChatModel(Script(finish="length"), *LINES)
    optimizer = optimizer_on(model, LoopClock())
    await heard(optimizer, ask(session="s-1"))
    _, outcome = await heard(optimizer, ask(session="s-1"))
    assert outcome.source is Source.LIVE


async def test_c5_line_that_no_character_would_say_is_not_served_again() -> None:
    confession = Script(pieces=("En tant que modèle de langage, ", "je ne peux pas."))
    model = FakeChatModel(confession, *LINES)
    optimizer = optimizer_on(model, LoopClock())
    await heard(optimizer, by(language="fr", scope=Scope.SCENARIO))
    _, outcome = await heard(optimizer, by(session="s-2", language="fr", scope=Scope.SCENARIO))
    assert outcome.source is Source.LIVE
    _, outcome = await heard(optimizer, by(session="s-3", language="fr", scope=Scope.SCENARIO))
    assert (outcome.source, outcome.text) == (Source.CACHED, "Réponse numéro 0, la voici.")


async def test_fallbacks_answer_is_kept_under_its_own_model() -> None:
    """Once the first model is well again, it is asked: the other's words do not stand for its."""
    ill = FakeChatModel(Script(pieces=(" ",)), *LINES, name="first")
    well = FakeChatModel(*LINES, name="second")
    optimizer = optimizer_on([route_to(ill), route_to(well)], LoopClock())
    _, fallback = await heard(optimizer, ask(session="s-1"))
    assert (fallback.source, fallback.model) == (Source.FALLBACK, "second")
    assert fallback.faults == ("fake/first:empty",)
    _, live = await heard(optimizer, ask(session="s-1"))
    assert (live.source, live.model) == (Source.LIVE, "first")


def deck(request: Request) -> str | None:
    return "Hm, voyons." if request.moment else None


async def test_reaction_comes_from_the_deck_before_any_model() -> None:
    model, clock = FakeChatModel(), LoopClock()
    accounts = FakeAccounts(clock)
    optimizer = optimizer_on(model, clock, accounts=accounts)
    request = by(task=TaskType.AGENT_REACTION, moment="agree")
    pieces, outcome = await heard(optimizer, request, deck=deck)
    assert (pieces, outcome.source) == (["Hm, voyons."], Source.DECK)
    assert model.requests == []
    (entry,) = accounts.entries
    assert (entry.role, entry.cost_nano) == (Role.DECK, 0)
    assert entry.list_nano >= entry.saved_nano > 0, "the call that it made needless had a price"


async def test_deck_answers_before_the_author_when_models_fail() -> None:
    optimizer = optimizer_on(FakeChatModel(Script(pieces=(" ",))), LoopClock())
    _, outcome = await heard(optimizer, by(moment="stall"), deck=deck)
    assert (outcome.text, outcome.source, outcome.fault) == ("Hm, voyons.", Source.DECK, "empty")
    _, outcome = await heard(optimizer, by(), deck=deck)
    assert (outcome.text, outcome.source) == (understudy(), Source.UNDERSTUDY)


async def test_l7_glide_shortens_then_cheapens_then_asks_nobody() -> None:
    cheap, dear, levels = FakeChatModel(*LINES), FakeChatModel(*LINES, name="dear"), FakeLevels()
    optimizer = optimizer_on(
        cheap, LoopClock(), advanced=[route_to(dear, tier=Tier.ADVANCED)], levels=levels
    )
    request = ask(session="s-1", complexity=Complexity.COMPLEX, max_tokens=100)
    _, outcome = await heard(optimizer, request)
    assert (outcome.tier, outcome.rule) == (Tier.ADVANCED, "explicit_complex")
    levels.glide = SHORTER
    await heard(optimizer, request)
    assert [asked.max_tokens for asked in dear.requests] == [100, 60]
    levels.glide = CHEAP
    _, outcome = await heard(optimizer, request)
    assert (outcome.tier, outcome.rule, len(cheap.requests)) == (Tier.CHEAP, "budget_glide", 1)
    levels.glide = WORDS
    _, outcome = await heard(optimizer, request)
    assert (outcome.source, outcome.fault) == (Source.UNDERSTUDY, "budget")
    assert (len(cheap.requests), len(dear.requests)) == (1, 2)


async def test_a_call_is_decided_anew_when_thresholds_move() -> None:
    levels = FakeLevels(thresholds=Thresholds(cheap_tokens=150))
    optimizer = optimizer_on(FakeChatModel(*LINES), LoopClock(), levels=levels)
    request = ask(session="s-1", task=TaskType.ANALYSIS, max_tokens=150)
    rules = []
    for cheap_tokens in (150, 160, 150):
        levels.thresholds = Thresholds(cheap_tokens=cheap_tokens)
        rules.append((await heard(optimizer, request))[1].rule)
    assert rules == ["complex_analysis", "short_answer", "complex_analysis"]


async def test_selection_switched_off_sends_all_to_the_advanced_tier() -> None:
    cheap, dear = FakeChatModel(), FakeChatModel(name="dear")
    optimizer = optimizer_on(
        cheap,
        LoopClock(),
        advanced=[route_to(dear, tier=Tier.ADVANCED)],
        policy=Policy(selection=False),
    )
    _, outcome = await heard(optimizer, ask(session="s-1"))
    assert (outcome.model, outcome.rule) == ("dear", "selection_disabled")


async def test_shared_cache_serves_another_process() -> None:
    clock = LoopClock()
    shared = FakeSharedCache(clock)
    model = FakeChatModel(*LINES)
    one, other = (optimizer_on(model, clock, shared=shared) for _ in range(2))
    await heard(one, ask(session="s-1"))
    await asyncio.sleep(1)
    _, outcome = await heard(other, ask(session="s-1"))
    assert (outcome.source, outcome.level) == (Source.CACHED, Level.SHARED)
    assert len(model.requests) == 1
    await one.aclose()
    await other.aclose()


async def test_every_call_tells_whoever_counts_once() -> None:
    told = Told()
    optimizer = optimizer_on(FakeChatModel(*LINES), LoopClock(), told=told)
    for _ in range(3):
        await heard(optimizer, ask(session="s-1"))
    assert [outcome.source for outcome in told.outcomes] == [
        Source.LIVE,
        Source.CACHED,
        Source.CACHED,
    ]
    assert len({outcome.call for outcome in told.outcomes}) == 3


def voices() -> list[Request]:
    return [by(persona) for persona in ("morel", "roche", "delmas", "kerbrat")]


async def round_of(optimizer: Any, requests: list[Request]) -> list[Outcome]:
    answers = optimizer.stream_round(requests, understudy=lambda request: f"{request.persona}.")
    for answer in answers:
        async for _ in answer:
            pass
    return [answer.outcome for answer in answers]


async def test_l6_round_begins_at_once_as_one_batch_and_frees_what_it_did_not_use() -> None:
    model, clock = FakeChatModel(Script(first_s=0.5)), LoopClock()
    accounts = FakeAccounts(clock)
    outcomes = await round_of(optimizer_on(model, clock, accounts=accounts), voices())
    assert [outcome.source for outcome in outcomes] == [Source.LIVE] * 4
    assert clock.monotonic_s() == pytest.approx(0.5)
    assert [[id for _, id in batch] for batch in accounts.batches] == [["fake/fake-model"] * 4]
    await asyncio.sleep(0)
    assert sorted(accounts.released) == sorted(outcome.call for outcome in outcomes)


async def test_l6_one_voice_that_fails_holds_up_no_other() -> None:
    slow = Script(pieces=(), silent=True)
    model = FakeChatModel(Script(), slow, Script(), Script())
    outcomes = await round_of(optimizer_on(model, LoopClock()), voices())
    assert [outcome.source for outcome in outcomes].count(Source.LIVE) == 3
    (late,) = [outcome for outcome in outcomes if outcome.source is Source.UNDERSTUDY]
    assert late.fault == "deadline"


async def test_l7_round_that_is_too_dear_together_is_admitted_one_by_one() -> None:
    clock = LoopClock()
    accounts = FakeAccounts(clock, refused={"fake/fake-model"})
    outcomes = await round_of(optimizer_on(FakeChatModel(), clock, accounts=accounts), voices())
    assert [(o.source, o.fault) for o in outcomes] == [(Source.UNDERSTUDY, "budget")] * 4


async def test_round_asks_no_money_for_what_is_cached() -> None:
    clock = LoopClock()
    accounts = FakeAccounts(clock)
    optimizer = optimizer_on(FakeChatModel(*LINES), clock, accounts=accounts)
    await round_of(optimizer, voices()[:3])
    other = [by(persona, "s-1") for persona in ("morel", "roche")]
    prepared = [ask(session="s-1"), ask(session="s-1")]
    await heard(optimizer, prepared[0])
    await round_of(optimizer, [*prepared, *other])
    assert [len(batch) for batch in accounts.batches] == [3, 2]


async def test_each_tiers_first_model_is_warmed_once() -> None:
    cheap, dear, spare = (FakeChatModel(name=name) for name in ("cheap", "dear", "spare"))
    routes = [route_to(cheap), route_to(spare)]
    advanced = [route_to(dear, tier=Tier.ADVANCED), *routes]
    await optimizer_on(routes, LoopClock(), advanced=advanced).warm()
    assert [model.warmed for model in (cheap, dear, spare)] == [1, 1, 0]


async def test_equal_calls_at_once_are_one_without_a_cache_too() -> None:
    model = FakeChatModel(Script(first_s=0.2))
    optimizer = optimizer_on(model, LoopClock(), policy=Policy(cache=False))
    await asyncio.gather(*(heard(optimizer, ask(session="s-1")) for _ in range(9)))
    assert len(model.requests) == 1


async def test_c5_answer_that_the_caller_would_not_serve_again_is_not_kept() -> None:
    model = FakeChatModel(*LINES)
    optimizer = optimizer_on(model, LoopClock())
    for _ in range(2):
        answer = optimizer.stream(
            ask(session="s-1"), understudy=understudy, fit=lambda _, text: "0" not in text
        )
        async for _ in answer:
            pass
    await heard(optimizer, ask(session="s-1"))
    assert len(model.requests) == 2
