"""Attempts as ledger entries."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.llm.entry import LedgerEntry, Role
from services.llm.ledger.bookings import Bookkeeper, draft, most_prompt_tokens
from services.llm.outcome import Usage
from services.llm.request import Message
from services.llm.spec import ModelSpec
from services.llm.work import Ask, Ticket
from tests.fakes.booked import NOON
from tests.fakes.clock import FakeClock
from tests.fakes.money import ADVANCED, CHEAP, LOCAL, UNPRICED, ask, end, pricing, route

PRICES = pricing(FakeClock(NOON))


def closed(
    role: Role = Role.SERVED,
    *,
    of: Ask | None = None,
    spec: ModelSpec = CHEAP,
    advanced: ModelSpec | None = ADVANCED,
    fallback: bool = False,
    lived_s: float | None = None,
    **fields: Any,
) -> LedgerEntry:
    ticket = Ticket(
        ask=of or ask(), route=route(spec), hold=None, predicted_tokens=512, reserve_s=0.002
    )
    keeper = Bookkeeper(PRICES, advanced=advanced)
    return keeper.entry(
        ticket, end(role, **fields), id="e", at=NOON, fallback=fallback, lived_s=lived_s
    )


def test_served_answer_costs_what_the_vendor_counted() -> None:
    entry = closed(usage=Usage(prompt_tokens=700, cached_tokens=500, completion_tokens=20))
    assert entry.cost_nano == 200 * 1000 + 500 * 100 + 20 * 5000
    assert not entry.usage.estimated


def test_entry_names_call_model_and_everyone_concerned() -> None:
    entry = closed(of=ask("call-7", template="answer.fr@1"))
    assert (entry.call, entry.session, entry.user, entry.scenario, entry.persona) == (
        "call-7",
        "s-1",
        "ada",
        "debat-tv",
        "morel",
    )
    assert (entry.provider, entry.model, entry.rule) == ("stub", "cheap", "reaction")
    assert (entry.template, entry.currency, entry.at) == ("answer.fr@1", "USD", NOON)
    assert (entry.predicted_tokens, entry.overhead_s) == (512, 0.002)
    assert (entry.first_token_s, entry.total_s) == (0.3, 0.8)


def test_used_answer_stands_for_its_call_and_carries_its_list_price() -> None:
    entry = closed(of=ask(squeezed_tokens=100, squeezed_nano=77, refused_nano=5))
    assert entry.list_nano == 800 * 10_000 + 20 * 50_000
    assert (entry.calls, entry.source) == (1, "live")
    assert (entry.squeezed_tokens, entry.squeezed_nano, entry.refused_nano) == (100, 77, 5)


def test_cut_answer_stands_for_its_call_and_its_continuation_does_not() -> None:
    assert closed(Role.CUT).calls == 1
    continued = closed(continues=True)
    assert (continued.calls, continued.source) == (0, "live")
    assert continued.list_nano > 0


def test_answer_of_another_model_than_was_asked_is_a_fallback() -> None:
    assert closed(fallback=True).source == "fallback"


def test_answer_lasts_from_its_call_and_what_came_before_the_model_is_ours() -> None:
    entry = closed(lived_s=0.9)
    assert (entry.total_s, entry.overhead_s) == pytest.approx((0.9, 0.1))
    assert entry.first_token_s == 0.3


def test_first_token_of_an_answer_that_nobody_hears_is_no_fact() -> None:
    """It may come as one piece: its first token is then its last."""
    assert closed(of=ask(spoken=False)).first_token_s is None


def test_time_lost_on_another_route_is_the_answers_but_not_ours() -> None:
    entry = closed(fallback=True, lived_s=2.5)
    assert (entry.total_s, entry.overhead_s) == (2.5, 0.002)


def test_attempt_that_was_not_used_lasts_from_its_own_beginning() -> None:
    entry = closed(Role.FAILED, lived_s=2.5)
    assert (entry.total_s, entry.overhead_s) == (0.8, 0.002)


@pytest.mark.parametrize(
    "role", sorted({*Role} - {Role.SERVED, Role.CUT, Role.CACHED, Role.DECK, Role.UNDERSTUDY})
)
def test_attempt_whose_words_were_not_used_costs_and_carries_nothing_else(role: Role) -> None:
    entry = closed(role, fault="deadline")
    assert entry.cost_nano == 700 * 1000 + 20 * 5000
    assert (entry.calls, entry.list_nano, entry.source, entry.fault) == (0, 0, "", "deadline")


def test_without_an_advanced_model_there_is_no_list_price() -> None:
    assert closed(advanced=None).list_nano == 0


def test_call_the_vendor_never_took_costs_nothing() -> None:
    entry = closed(Role.FAILED, billable=False, text="", usage=None, fault="connection")
    assert (entry.cost_nano, entry.usage) == (0, Usage())


def test_l9_missing_usage_is_input_and_output_estimated_and_flagged() -> None:
    entry = closed(Role.CANCELLED, text="Je vous écoute, monsieur.", usage=None)
    assert entry.usage.prompt_tokens == 700
    assert 5 <= entry.usage.completion_tokens <= 9
    assert entry.usage.estimated
    assert entry.cost_nano == 700 * 1000 + entry.usage.completion_tokens * 5000


def test_l9_silent_attempt_still_costs_its_input() -> None:
    entry = closed(Role.LATE, text="", usage=None)
    assert (entry.usage.completion_tokens, entry.cost_nano) == (0, 700 * 1000)


@pytest.mark.parametrize("prompt_tokens", [0, -5])
def test_l9_billable_attempt_never_costs_nothing(prompt_tokens: int) -> None:
    entry = closed(of=ask(prompt_tokens=prompt_tokens), text=" ", usage=None)
    assert entry.cost_nano > 0
    assert entry.usage.estimated


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(prompt_tokens=-5, completion_tokens=-9),
        Usage(prompt_tokens=0, cached_tokens=900, completion_tokens=20),
        Usage(prompt_tokens=math.nan, completion_tokens=math.inf),  # type: ignore[arg-type]
        Usage(prompt_tokens=None, completion_tokens="x"),  # type: ignore[arg-type]
    ],
)
def test_l12_usage_that_cannot_be_true_is_repaired_and_flagged(usage: Usage) -> None:
    entry = closed(usage=usage)
    assert entry.usage.estimated
    assert entry.usage.prompt_tokens == 700
    assert entry.usage.completion_tokens > 0
    assert entry.cost_nano > 0


def test_l12_more_cached_tokens_than_there_were_are_not_paid_twice() -> None:
    entry = closed(usage=Usage(prompt_tokens=700, cached_tokens=900, completion_tokens=20))
    assert entry.usage.cached_tokens == 700
    assert entry.cost_nano == 700 * 100 + 20 * 5000


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0])
def test_l12_times_that_cannot_be_are_no_times(seconds: float) -> None:
    entry = closed(first_token_s=seconds, total_s=seconds)
    assert (entry.first_token_s, entry.total_s) == (0.0, 0.0)


def test_l8_unknown_price_books_the_ceiling() -> None:
    """The dearest of its tier, and no discount for cached tokens."""
    usage = Usage(prompt_tokens=700, cached_tokens=500, completion_tokens=20)
    assert closed(spec=UNPRICED, usage=usage).cost_nano == 700 * 1000 + 20 * 5000


def test_own_model_costs_nothing_and_needs_no_hold() -> None:
    assert closed(spec=LOCAL).cost_nano == 0
    keeper = Bookkeeper(PRICES, advanced=ADVANCED)
    hold = keeper.hold(ask(), route(LOCAL), lines=(), id="h", at=NOON, expires_at=NOON)
    assert hold is None


def test_hold_is_above_what_ordinary_answers_cost() -> None:
    text = "Monsieur le ministre, le fret ferroviaire recule depuis dix ans. " * 40
    of = ask(prompt_tokens=600, messages=(Message("user", text),))
    keeper = Bookkeeper(PRICES, advanced=ADVANCED)
    made = keeper.hold(
        of, route(), lines=(), id="h", at=NOON, expires_at=NOON + timedelta(seconds=120)
    )
    assert made is not None
    assert made.amount_nano == most_prompt_tokens(of) * 1000 + 25 * 5000
    assert made.amount_nano >= made.draft.cost_nano


@pytest.mark.parametrize(
    ("text", "estimate", "most"),
    [
        ("a" * 300, 10, 300 // 3 + 16),
        ("é" * 300, 10, 600 // 3 + 16),
        ("語" * 300, 10, 900 // 3 + 16),
        ("a" * 300, 1000, 1500),
        ("\ud800", 1, 3 // 3 + 16),
    ],
)
def test_prompt_is_bounded_by_its_estimate_and_by_its_bytes(
    text: str, estimate: int, most: int
) -> None:
    of = ask(prompt_tokens=estimate, messages=(Message("user", text),))
    assert most_prompt_tokens(of) == most


def test_schema_is_part_of_the_prompt() -> None:
    of = ask(prompt_tokens=1)
    with_schema = replace(of, request=replace(of.request, schema="x" * 300))
    assert most_prompt_tokens(with_schema) == most_prompt_tokens(of) + 100


def test_draft_is_as_if_all_had_been_said() -> None:
    made = draft(ask(), route(), id="d", at=NOON, prices=PRICES)
    assert (made.role, made.fault, made.calls) == (Role.LOST, "lost", 0)
    assert made.cost_nano == 700 * 1000 + 25 * 5000
    assert made.usage.estimated
