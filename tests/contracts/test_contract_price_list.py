"""What every PriceList does: exact prices for exact ids, None for what it does not know."""

from datetime import UTC, datetime

import pytest

from services.llm.models.price_list import PackagedPrices
from services.llm.ports import PriceList
from services.llm.spec import ModelSpec, Rates, Tier
from tests.fakes.prices import FakePrices, usd

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["fake", "packaged"], scope="module")
def prices(request: pytest.FixtureRequest) -> PriceList:
    return FakePrices() if request.param == "fake" else PackagedPrices()


def model(id: str) -> ModelSpec:
    provider, _, name = id.partition("/")
    return ModelSpec(id=id, provider=provider, model=name, tier=Tier.CHEAP, context_tokens=128_000)


@pytest.mark.parametrize(
    ("id", "rates"),
    [
        ("openai/gpt-6-luna", usd(0.10, 0.50, cached=0.01, write=0.125)),
        ("openai/gpt-6.1-terra", usd(1.00, 5.00, cached=0.05, write=1.25)),
        ("openai/gpt-4o-mini", usd(0.15, 0.60, cached=0.075)),
        ("mistral/mistral-small-2603", usd(0.15, 0.60, cached=0.015)),
        ("mistral/mistral-large-4", usd(0.70, 2.10, cached=0.07)),
    ],
)
def test_trap_17_published_prices_are_exact_with_cached_and_written_tokens(
    prices: PriceList, id: str, rates: Rates
) -> None:
    assert prices.rates(model(id), at=NOW, prompt_tokens=1000) == rates


def test_trap_18_long_prompts_cost_more_from_one_token_above_the_border(prices: PriceList) -> None:
    luna = model("openai/gpt-6-luna")
    at_border = prices.rates(luna, at=NOW, prompt_tokens=272_000)
    above = prices.rates(luna, at=NOW, prompt_tokens=272_001)
    assert at_border == usd(0.10, 0.50, cached=0.01, write=0.125)
    assert above == usd(0.20, 0.75, cached=0.02, write=0.25)


@pytest.mark.parametrize(
    "id",
    [
        "openai/no-such-model",
        "openai/gpt-6",
        "openai/gpt-6-luna-turbo",
        "openai/GPT-6-LUNA",
        "mistral/gpt-6-luna",
        "mistral/mistral-large-latest",
        "nobody/gpt-6-luna",
        "scaleway/mistral-small-3.2-24b-instruct-2506",
        "local/some.gguf",
    ],
)
def test_l8_a_model_that_is_not_listed_by_its_exact_id_has_no_price(
    prices: PriceList, id: str
) -> None:
    assert prices.rates(model(id), at=NOW, prompt_tokens=100) is None


def test_a_known_price_says_so_and_is_in_dollars(prices: PriceList) -> None:
    rates = prices.rates(model("openai/gpt-6-luna"), at=NOW, prompt_tokens=0)
    assert rates is not None
    assert (rates.known, rates.currency, rates.to_usd_micro) == (True, "USD", 1_000_000)
