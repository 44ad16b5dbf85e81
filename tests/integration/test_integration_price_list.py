"""The packaged price list itself: prices by date, its aliases, and the doctor over it."""

import json
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

import pytest
from genai_prices import Usage as TheirUsage
from genai_prices import calc_price
from genai_prices.data import providers
from genai_prices.types import ModelInfo, Provider, StartDateConstraint, TieredPrices

from scripts.price_snapshot import snapshot
from services.llm.models.catalogue import SHIPPED, load_models
from services.llm.models.entries import PROVIDERS
from services.llm.models.lint import lint
from services.llm.models.money import Pricing, cost_nano
from services.llm.models.price_list import PACKAGED, PackagedPrices
from services.llm.outcome import Usage
from services.llm.spec import ModelSpec, Rates, Tier
from tests.fakes.clock import FakeClock
from tests.fakes.prices import usd

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PARIS = timezone(timedelta(hours=2))


@pytest.fixture(scope="module")
def prices() -> PackagedPrices:
    return PackagedPrices()


def model(id: str) -> ModelSpec:
    provider, _, name = id.partition("/")
    return ModelSpec(id=id, provider=provider, model=name, tier=Tier.CHEAP, context_tokens=128_000)


def listed() -> list[tuple[Provider, ModelInfo]]:
    """Every model of the providers that may be asked, as the package has it."""
    return [(one, model) for one in providers if one.id in PROVIDERS for model in one.models]


def days_of(one: ModelInfo) -> list[datetime]:
    """Now, long ago, and the moments around each day on which a price begins."""
    days = [NOW, datetime(2019, 1, 1, tzinfo=UTC)]
    for price in one.prices if isinstance(one.prices, list) else ():
        if isinstance(price.constraint, StartDateConstraint):
            begins = datetime.combine(price.constraint.start_date, time(), UTC)
            days += [begins - timedelta(seconds=1), begins, begins + timedelta(days=1)]
    return days


def lengths_of(one: ModelInfo, at: datetime) -> list[int]:
    """A short prompt, a very long one, and those around each border."""
    parts = vars(one.get_prices(at)).values()
    tiers = [tier for part in parts if isinstance(part, TieredPrices) for tier in part.tiers]
    borders = {tier.start for tier in tiers}
    return sorted({1, 5_000_000} | borders | {border + 1 for border in borders})


def theirs_of(provider: Provider, one: ModelInfo, at: datetime, tokens: int) -> Rates | None:
    """Rates as the package's own arithmetic shows them; None where it has no price for tokens."""
    price = one.get_prices(at)
    if price.input_mtok is None or price.output_mtok is None or price.requests_kcount:
        return None

    def cost(**usage: int) -> Decimal:
        used = TheirUsage(input_tokens=tokens, **usage)
        return one.calc_price(used, provider, genai_request_timestamp=at).total_price

    def nano(spent: Decimal, count: int) -> int:
        return int((spent * 10**15 / count).to_integral_value(ROUND_CEILING))

    plain = cost(output_tokens=0)
    input_nano, output_nano = nano(plain, tokens), nano(cost(output_tokens=1000) - plain, 1000)
    if not input_nano + output_nano:
        return None
    return Rates(
        input_nano=input_nano,
        cached_nano=nano(cost(cache_read_tokens=tokens), tokens),
        write_nano=nano(cost(cache_write_tokens=tokens), tokens),
        output_nano=output_nano,
    )


def doctor(*args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "services.llm", "doctor", *args],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_file_is_what_the_package_says() -> None:
    stored = PACKAGED.read_text(encoding="utf-8")
    assert stored == snapshot(), "run: python -m scripts.price_snapshot"


def test_every_price_is_the_packages_own_on_every_day_and_for_every_length(
    prices: PackagedPrices,
) -> None:
    wrong, priced = [], set()
    for provider, one in listed():
        for at in days_of(one):
            for tokens in lengths_of(one, at):
                ours = prices.rates(model(f"{provider.id}/{one.id}"), at=at, prompt_tokens=tokens)
                theirs = theirs_of(provider, one, at, tokens)
                if ours is not None:
                    priced.add((provider.id, one.id))
                if ours != theirs:
                    wrong.append((provider.id, one.id, at, tokens, ours, theirs))
    assert wrong == []
    assert len(priced) >= 130


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 10, 19, 23, 59, 59, tzinfo=UTC), usd(0.68, 2.09, cached=0.07)),
        (datetime(2026, 10, 20, tzinfo=UTC), usd(1.36, 4.18, cached=0.14)),
        (datetime(2026, 10, 29, tzinfo=UTC), usd(0.70, 2.10, cached=0.07)),
        (datetime(2026, 10, 20, 1, tzinfo=PARIS), usd(0.68, 2.09, cached=0.07)),
    ],
)  # fmt: skip
def test_trap_18_the_price_is_that_of_the_utc_day_of_the_call(
    prices: PackagedPrices, at: datetime, expected: object
) -> None:
    assert prices.rates(model("mistral/mistral-large-4"), at=at, prompt_tokens=10) == expected


def test_one_call_is_priced_by_its_own_time_to_the_last_nano(prices: PackagedPrices) -> None:
    luna, usage = model("openai/gpt-5.6-luna"), Usage(prompt_tokens=1000, completion_tokens=1000)
    costs = []
    for at in (NOW.replace(month=7, day=29), NOW):
        rates = prices.rates(luna, at=at, prompt_tokens=1000)
        assert rates is not None
        costs.append(cost_nano(usage, rates))
    assert costs == [7_000_000, 1_400_000]


@pytest.mark.parametrize("alias", ["gpt-5.6", "gpt-6-luna-2026-09-01", "gpt-4o-mini-2024-07-18"])
def test_the_packages_aliases_are_not_followed(prices: PackagedPrices, alias: str) -> None:
    theirs = calc_price(
        TheirUsage(input_tokens=1), alias, provider_id="openai", genai_request_timestamp=NOW
    )
    assert theirs.total_price > 0
    assert prices.rates(model(f"openai/{alias}"), at=NOW, prompt_tokens=1) is None


def test_our_arithmetic_equals_the_packages_for_every_listed_model_we_ship(
    prices: PackagedPrices,
) -> None:
    usage = Usage(
        prompt_tokens=300_001, cached_tokens=1_024, cache_write_tokens=513, completion_tokens=77
    )
    compared = 0
    for spec in load_models().specs.values():
        rates = prices.rates(spec, at=NOW, prompt_tokens=usage.prompt_tokens)
        if rates is None:
            continue
        theirs = calc_price(
            TheirUsage(
                input_tokens=usage.prompt_tokens,
                cache_read_tokens=usage.cached_tokens,
                cache_write_tokens=usage.cache_write_tokens,
                output_tokens=usage.completion_tokens,
            ),
            spec.model,
            provider_id=spec.provider,
            genai_request_timestamp=NOW,
        )
        ours = cost_nano(usage, rates)
        assert 0 <= Decimal(ours) - theirs.total_price * 10**9 < 1
        compared += 1
    assert compared >= 10


def test_every_shipped_model_has_a_price_and_no_tier_speaks_against_itself(
    prices: PackagedPrices,
) -> None:
    catalogue = load_models()
    pricing = Pricing(catalogue, prices, FakeClock(NOW))
    findings = lint(catalogue, pricing, NOW.date())
    assert [one for one in findings if one.severity == "error" or one.in_use] == []
    assert [one for one in findings if one.code == "W-PRICE"] == []


def test_the_overlay_stands_only_where_the_list_has_no_price(prices: PackagedPrices) -> None:
    doubled = [
        spec.id
        for spec in load_models().specs.values()
        if spec.prices and prices.rates(spec, at=NOW, prompt_tokens=1)
    ]
    assert doubled == []


def test_pricing_a_call_does_not_load_the_package() -> None:
    done = subprocess.run(
        [sys.executable, "-c", (
            "import sys\n"
            "import services.wiring\n"
            "from services.llm.models.price_list import PackagedPrices\n"
            "PackagedPrices()\n"
            "print([name for name in sys.modules if name.startswith('genai_prices')])"
        )],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_doctor_prints_tiers_chains_prices_currency_and_what_models_take() -> None:
    done = doctor("--models", str(SHIPPED))
    page = done.stdout
    assert "Traceback" not in page + done.stderr
    assert (
        "openai/gpt-6-luna -> mistral/mistral-small-2603"
        " -> scaleway/mistral-small-3.2-24b-instruct-2506"
    ) in page
    assert "openai/gpt-6.1-terra -> mistral/mistral-large-4" in page
    luna = next(line for line in page.splitlines() if line.startswith("openai/gpt-6-luna "))
    assert luna.split()[1:7] == ["cheap", "0.10", "0.01", "0.125", "0.50", "USD"]
    assert "genai-prices 0.2.3" in luna
    assert "effort=none" in luna
    local = next(line for line in page.splitlines() if line.startswith("scaleway/mistral-small"))
    assert local.split()[5:9] == ["0.35", "EUR", "1.2", "2025-07-01"]


def test_doctor_without_a_file_reads_the_shipped_one_and_tells_it_as_json() -> None:
    done = doctor("--json")
    told = json.loads(done.stdout)
    assert told["file"] == str(SHIPPED)
    assert told["tiers"]["cheap"][0] == "openai/gpt-6-luna"
    price = next(one for one in told["models"] if one["id"] == "openai/gpt-6-luna")["price"]
    assert price["input_nano"] == 100_000_000
    assert (done.returncode == 0) is told["healthy"]


def test_doctor_finds_the_cheap_tier_that_is_the_dear_one(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(
        "schema: 1\n"
        "tiers: {cheap: openai/gpt-3.5-turbo, advanced: openai/gpt-4o-mini}\n"
        'providers: {openai: {base_url: "https://api.openai.com/v1"}}\n'
        "models:\n"
        "  openai/gpt-3.5-turbo: {tier: cheap, context_tokens: 16000}\n"
        "  openai/gpt-4o-mini: {tier: advanced, context_tokens: 128000}\n",
        encoding="utf-8",
    )
    done = doctor("--models", str(file))
    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if "E-TIER-PRICE" in line]
    assert f"{file}:2: error E-TIER-PRICE openai/gpt-3.5-turbo" in lines[0]
    assert "openai/gpt-4o-mini" in lines[0]
    assert any("agent_reaction" in line for line in lines)


def test_doctor_names_file_line_and_key_of_a_refused_file(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text("schema: 1\ntires: {}\n", encoding="utf-8")
    done = doctor("--models", str(file))
    assert done.returncode == 1
    assert f'{file}:2: tires: there is no such key. Did you mean "tiers"?' in done.stdout
    told = json.loads(doctor("--models", str(file), "--json").stdout)
    assert any("tires" in line for line in told["refused"])


def test_doctor_of_a_file_that_is_not_there_and_of_no_command_is_usage(tmp_path: Path) -> None:
    missing = doctor("--models", str(tmp_path / "none.yaml"))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "no such file" in missing.stderr
    assert doctor("--nonsense").returncode == 2
