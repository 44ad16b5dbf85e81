"""Costs are exact integers, and a price that nobody knows is never 0."""

import logging
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest

from services.llm.models.catalogue import ModelCatalogue
from services.llm.models.money import LAST_RESORT, Pricing, cost_nano, in_usd
from services.llm.outcome import Usage
from services.llm.spec import ModelSpec, PriceRow, Rates, Tier
from tests.fakes.clock import FakeClock
from tests.fakes.prices import KNOWN, FakePrices, usd

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LUNA = KNOWN["openai/gpt-6-luna"]
EUROS = Rates(
    input_nano=150_000_000,
    cached_nano=150_000_000,
    write_nano=150_000_000,
    output_nano=350_000_000,
    currency="EUR",
    to_usd_micro=1_200_000,
)


def model(id: str, tier: Tier = Tier.CHEAP, prices: tuple[PriceRow, ...] = ()) -> ModelSpec:
    provider, _, name = id.partition("/")
    return ModelSpec(
        id=id, provider=provider, model=name, tier=tier, context_tokens=128_000, prices=prices
    )


CATALOGUE = ModelCatalogue(
    specs={
        one.id: one
        for one in (
            model("openai/gpt-6-luna"),
            model("mistral/mistral-small-2603"),
            model("scaleway/small", prices=(PriceRow(since=date(2025, 7, 1), rates=EUROS),)),
            model("openai/gpt-6.1-terra", Tier.ADVANCED),
            model("mistral/mistral-large-4", Tier.ADVANCED),
            model("openai/nameless"),
        )
    },
    heads={Tier.CHEAP: "openai/gpt-6-luna", Tier.ADVANCED: "openai/gpt-6.1-terra"},
)


def pricing(prices: FakePrices | None = None, told: list[str] | None = None) -> Pricing:
    told = [] if told is None else told
    return Pricing(
        CATALOGUE,
        prices or FakePrices(),
        FakeClock(NOW),
        on_unknown=lambda spec: told.append(spec.id),
    )


def test_one_session_of_the_plan_costs_what_it_should() -> None:
    reaction = Usage(prompt_tokens=700, completion_tokens=25)
    orchestration = Usage(prompt_tokens=1900, completion_tokens=120)
    terra = KNOWN["openai/gpt-6.1-terra"]
    assert 120 * cost_nano(reaction, LUNA) + 40 * cost_nano(orchestration, LUNA) == 19_900_000
    assert 120 * cost_nano(reaction, LUNA) + 40 * cost_nano(orchestration, terra) == 109_900_000


def test_trap_17_cached_and_written_tokens_are_part_of_the_prompt() -> None:
    usage = Usage(prompt_tokens=1000, cached_tokens=600, cache_write_tokens=300)
    assert cost_nano(usage, LUNA) == 100 * 100 + 600 * 10 + 300 * 125


def test_trap_18_a_cost_is_rounded_up_once() -> None:
    odd = replace(LUNA, input_nano=1, cached_nano=1, output_nano=1)
    assert cost_nano(Usage(prompt_tokens=1, completion_tokens=1), odd) == 1
    assert cost_nano(Usage(prompt_tokens=1_000_000), odd) == 1
    assert cost_nano(Usage(prompt_tokens=1_000_001), odd) == 2
    assert cost_nano(Usage(), odd) == 0


def test_euros_are_converted_at_the_rate_of_the_row() -> None:
    usage = Usage(prompt_tokens=1000, completion_tokens=100)
    assert cost_nano(usage, EUROS) == (1000 * 150 + 100 * 350) * 12 // 10
    assert in_usd(EUROS).input_nano == 180_000_000
    assert cost_nano(usage, in_usd(EUROS)) == cost_nano(usage, EUROS)


def test_costs_equal_exact_fractions_rounded_up() -> None:
    rng = random.Random(4)
    for _ in range(500):
        prompt = rng.randrange(300_000)
        cached = rng.randrange(prompt + 1)
        write = rng.randrange(prompt - cached + 1)
        usage = Usage(
            prompt_tokens=prompt,
            cached_tokens=cached,
            cache_write_tokens=write,
            completion_tokens=rng.randrange(5000),
        )
        rates = Rates(
            input_nano=rng.randrange(10**11),
            cached_nano=rng.randrange(10**11),
            write_nano=rng.randrange(10**11),
            output_nano=rng.randrange(10**11),
            to_usd_micro=rng.randrange(1, 2_000_000),
        )
        exact = Fraction(
            (
                (prompt - cached - write) * rates.input_nano
                + cached * rates.cached_nano
                + write * rates.write_nano
                + usage.completion_tokens * rates.output_nano
            )
            * rates.to_usd_micro,
            10**12,
        )
        assert 0 <= cost_nano(usage, rates) - exact < 1


@pytest.mark.parametrize(
    "usage",
    [
        Usage(prompt_tokens=100, cached_tokens=5000, completion_tokens=3),
        Usage(prompt_tokens=-100, cached_tokens=-5, completion_tokens=-3),
        Usage(prompt_tokens=100, cached_tokens=80, cache_write_tokens=80, completion_tokens=1),
    ],
)
def test_l12_nonsense_never_costs_less_than_nothing_or_more_than_the_dearest(usage: Usage) -> None:
    most = max(usage.prompt_tokens, 0) * 125 + max(usage.completion_tokens, 0) * 500
    assert 0 <= cost_nano(usage, LUNA) <= most


def test_l8_unknown_price_books_the_ceiling() -> None:
    told: list[str] = []
    one = pricing(told=told)
    unknown = CATALOGUE.spec("openai/nameless")
    rates = one.rates(unknown)
    assert not rates.known
    assert rates == Rates(
        input_nano=180_000_000,  # Scaleway's in dollars
        cached_nano=180_000_000,  # no discount
        write_nano=180_000_000,
        output_nano=600_000_000,  # Mistral's
        known=False,
    )
    assert told == ["openai/nameless"]
    usage = Usage(prompt_tokens=1000, cached_tokens=900, completion_tokens=10)
    for priced in CATALOGUE.specs.values():
        if priced.tier is Tier.CHEAP:
            assert one.cost(unknown, usage) >= one.cost(priced, usage)


def test_l8_an_unknown_price_is_told_once_a_model(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    one = pricing(told=told)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            one.rates(model("openai/nameless"))
            one.cost(model("openai/other", Tier.ADVANCED), Usage(prompt_tokens=5))
    assert told == ["openai/nameless", "openai/other"]
    assert [record.message for record in caplog.records] == ["llm.price_unknown"] * 2


def test_l8_the_ceiling_is_that_of_the_models_own_tier() -> None:
    rates = pricing().rates(model("openai/other", Tier.ADVANCED))
    assert (rates.input_nano, rates.output_nano) == (1_000_000_000, 5_000_000_000)


def test_l8_a_tier_without_any_price_takes_the_whole_catalogues() -> None:
    one = pricing(FakePrices({"openai/gpt-6-luna": LUNA}))
    rates = one.rates(model("openai/other", Tier.ADVANCED))
    assert rates.output_nano == 500_000_000
    assert rates.known is False


def test_l8_no_price_at_all_books_the_last_resort() -> None:
    empty = ModelCatalogue(specs={}, heads={})
    one = Pricing(empty, FakePrices({}), FakeClock(NOW))
    assert one.rates(model("openai/other")) == LAST_RESORT
    assert one.cost(model("openai/other"), Usage(prompt_tokens=1_000_000)) == 10_000_000_000


def test_this_machines_own_model_is_free_and_known() -> None:
    told: list[str] = []
    rates = pricing(told=told).rates(model("local/any.gguf", Tier.LOCAL))
    assert rates.known
    assert cost_nano(Usage(prompt_tokens=500, completion_tokens=50), rates) == 0
    assert told == []


def test_trap_18_the_overlay_row_of_the_utc_day_holds() -> None:
    rows = (
        PriceRow(since=date(2026, 11, 1), rates=usd(1, 2)),
        PriceRow(since=date(2026, 12, 1), rates=usd(3, 4)),
    )
    spec = model("openai/own", prices=rows)
    one = pricing()
    december = datetime(2026, 12, 1, tzinfo=UTC)
    assert one.rates(spec, at=december - timedelta(seconds=1)) == usd(1, 2)
    assert one.rates(spec, at=december) == usd(3, 4)
    still_november = datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert one.rates(spec, at=still_november) == usd(1, 2)


def test_the_overlay_wins_over_the_price_list_from_its_first_day() -> None:
    row = PriceRow(since=date(2026, 11, 20), rates=usd(9, 9))
    spec = model("openai/gpt-6-luna", prices=(row,))
    assert pricing().rates(spec) == usd(9, 9)
    assert pricing().rates(spec, at=NOW - timedelta(days=2)) == LUNA


def test_trap_18_long_prompts_are_priced_by_their_length() -> None:
    spec = CATALOGUE.spec("openai/gpt-6-luna")
    one = pricing()
    assert one.cost(spec, Usage(prompt_tokens=272_000)) == 272_000 * 100
    assert one.cost(spec, Usage(prompt_tokens=272_001)) == 272_001 * 200


def test_a_reservation_covers_every_call_of_that_size() -> None:
    rng = random.Random(8)
    one = pricing()
    for spec in CATALOGUE.specs.values():
        greatest = one.greatest(spec, prompt_tokens=2000, max_tokens=150)
        for _ in range(100):
            prompt = rng.randrange(2001)
            cached = rng.randrange(prompt + 1)
            usage = Usage(
                prompt_tokens=prompt,
                cached_tokens=cached,
                cache_write_tokens=rng.randrange(prompt - cached + 1),
                completion_tokens=rng.randrange(151),
            )
            assert one.cost(spec, usage) <= greatest


def test_a_reservation_takes_the_price_of_writing_the_cache_where_it_is_higher() -> None:
    spec = CATALOGUE.spec("openai/gpt-6-luna")
    assert pricing().greatest(spec, prompt_tokens=1000, max_tokens=100) == 1000 * 125 + 100 * 500


def test_the_clock_says_when_a_price_is_asked_for_without_a_time() -> None:
    prices = FakePrices()
    pricing(prices).rates(CATALOGUE.spec("openai/gpt-6-luna"))
    assert prices.asked == [("openai/gpt-6-luna", NOW, 0)]


def test_l8_a_ceiling_is_worked_out_once_a_day_for_prompts_of_one_size() -> None:
    prices = FakePrices()
    one, unknown = pricing(prices), model("openai/nameless")
    one.rates(unknown, prompt_tokens=900)
    asked = len(prices.asked)
    one.rates(unknown, prompt_tokens=1500)
    assert len(prices.asked) == asked + 1
    assert one.rates(unknown, prompt_tokens=272_001).input_nano == 200_000_000
