"""models.yaml: the shipped one is sound, and a bad one is refused with file, line and key."""

from datetime import date
from pathlib import Path

import pytest

from services.core.errors import ConfigError, NotFound
from services.llm.models.catalogue import SHIPPED, ModelCatalogue, load_models
from services.llm.models.thresholds import Thresholds
from services.llm.spec import Takes, Tier

GOOD = """\
schema: 1
tiers: {cheap: openai/small, advanced: openai/big}
providers:
  openai: {base_url: "https://api.openai.com/v1"}
  mistral: {base_url: "https://api.mistral.ai/v1/"}
models:
  openai/small:
    tier: cheap
    context_tokens: 128_000
    takes: {effort: none, temperature: false, limit_field: max_completion_tokens, json: schema}
    shutdown: 2027-01-14
    fallback: mistral/small
  openai/big:
    tier: advanced
    context_tokens: 1000
  mistral/small:
    tier: cheap
    context_tokens: 1000
    takes: {prefill: true, usage_in_stream: false}
    prices:
      - {since: 2026-06-01, input: 0.2, output: "0.6", cached: 0.000000001, source: their page}
      - since: 2026-01-01
        input: 0.15
        output: 0.35
        write: 0.2
        currency: EUR
        to_usd: 1.163
        source: their page, 2026-01-02
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def load(file: Path, text: str) -> ModelCatalogue:
    file.write_text(text, encoding="utf-8")
    return load_models(file)


def refused(file: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(file, text)
    return str(caught.value).splitlines()


def test_the_shipped_file_holds_the_tiers_of_the_house() -> None:
    shipped = load_models()
    assert [spec.id for spec in shipped.chain(Tier.CHEAP)] == [
        "openai/gpt-6-luna",
        "mistral/mistral-small-2603",
        "scaleway/mistral-small-3.2-24b-instruct-2506",
    ]
    assert [spec.id for spec in shipped.chain(Tier.ADVANCED)] == [
        "openai/gpt-6.1-terra",
        "mistral/mistral-large-4",
        "scaleway/mistral-small-3.2-24b-instruct-2506",
    ]
    assert shipped.chain(Tier.LOCAL) == ()
    assert shipped.thresholds == Thresholds()


def test_each_tier_of_the_shipped_file_survives_the_loss_of_any_vendor() -> None:
    shipped = load_models()
    for tier in (Tier.CHEAP, Tier.ADVANCED):
        providers = [spec.provider for spec in shipped.chain(tier)]
        assert len(set(providers)) == len(providers) == 3


@pytest.mark.parametrize("id", ["openai/gpt-6-luna", "openai/gpt-6.1-terra", "openai/gpt-5.4-nano"])
def test_models_that_would_think_before_they_speak_are_told_not_to(id: str) -> None:
    takes = load_models().spec(id).takes
    assert (takes.effort, takes.limit_field) == ("none", "max_completion_tokens")


def test_prefill_is_sent_where_it_is_continued() -> None:
    specs = load_models().specs.values()
    assert {spec.provider for spec in specs if spec.takes.prefill} == {"mistral"}
    assert load_models().spec("openai/gpt-4o-mini").shutdown == date(2027, 1, 14)


def test_scaleway_bills_euros_and_gives_no_discount_for_cached_tokens() -> None:
    rows = [
        row.rates
        for spec in load_models().specs.values()
        if spec.provider == "scaleway"
        for row in spec.prices
    ]
    assert len(rows) == 3
    assert {rates.currency for rates in rows} == {"EUR"}
    assert all(rates.cached_nano == rates.input_nano == rates.write_nano for rates in rows)
    assert all(row.to_usd_micro > 1_000_000 for row in rows)


def test_every_price_of_the_shipped_file_names_its_source() -> None:
    rows = [row for spec in load_models().specs.values() for row in spec.prices]
    assert rows
    assert all(row.source for row in rows)


def test_a_file_is_read_whole_and_exactly(file: Path) -> None:
    catalogue = load(file, GOOD)
    small = catalogue.spec("openai/small")
    assert small.takes == Takes(
        effort="none", temperature=False, limit_field="max_completion_tokens", json="schema"
    )
    assert (small.provider, small.model, small.tier) == ("openai", "small", Tier.CHEAP)
    assert (small.context_tokens, small.shutdown) == (128_000, date(2027, 1, 14))
    first, second = catalogue.spec("mistral/small").prices
    assert (first.since, second.since) == (date(2026, 1, 1), date(2026, 6, 1))
    assert (first.rates.input_nano, first.rates.write_nano) == (150_000_000, 200_000_000)
    assert first.rates.cached_nano == 150_000_000
    assert (first.rates.currency, first.rates.to_usd_micro) == ("EUR", 1_163_000)
    assert (second.rates.cached_nano, second.rates.currency) == (1, "USD")
    assert catalogue.providers["mistral"].base_url == "https://api.mistral.ai/v1"
    assert (catalogue.lines["tiers.cheap"], catalogue.lines["openai/big"]) == (2, 13)


def test_a_file_of_ones_own_replaces_the_shipped_one(file: Path) -> None:
    assert set(load(file, GOOD).specs) == {"openai/small", "openai/big", "mistral/small"}


def test_an_unknown_model_is_answered_with_the_nearest_one(file: Path) -> None:
    with pytest.raises(NotFound, match='Did you mean "openai/small"'):
        load(file, GOOD).spec("openai/smal")


BAD = [
    ("schema: 1", "schema: 2", 1, "schema", "only schema 1"),
    ("schema: 1", "schema: one", 1, "schema", "not a whole number"),
    ("advanced: openai/big}", "advanced: openai/bigg}", 2, "tiers.advanced", '"openai/big"?'),
    (", advanced: openai/big}", "}", 2, "tiers.advanced", "missing"),
    ("tiers: {cheap", "tiers: {local: x, cheap", 2, "tiers.local", "no such key"),
    ("tiers: {cheap: openai/small, advanced: openai/big}\n", "", 1, "tiers", "missing"),
    ("  mistral: {", "  mistrall: {", 5, "providers.mistrall", 'Did you mean "mistral"?'),
    ("https://api.openai.com/v1", "api.openai.com", 4, "providers.openai.base_url", "address"),
    ("    tier: cheap\n    context_tokens: 128_000", "    tier: cheep\n    context_tokens: 128_000",
     8, "models.openai/small.tier", "Write one of: cheap, advanced"),
    ("    tier: advanced", "    tier: local", 14, "models.openai/big.tier", "cheap, advanced"),
    ("128_000", "-5", 9, "models.openai/small.context_tokens", "not a whole number"),
    ("128_000", "12", 9, "models.openai/small.context_tokens", "out of range"),
    ("128_000", "128_00", 9, "models.openai/small.context_tokens", "not a whole number"),
    ("128_000", "[1]", 9, "models.openai/small.context_tokens", "holds no text"),
    ("128_000", "", 9, "models.openai/small.context_tokens", "holds no text"),
    ("effort: none", "effort: medium", 10, "models.openai/small.takes.effort",
     "none, minimal, low"),
    ("temperature: false", "temperature: no", 10, "models.openai/small.takes.temperature",
     "true, false"),
    ("temperature:", "temprature:", 10, "models.openai/small.takes.temprature",
     'Did you mean "temperature"?'),
    ("    takes: {effort", "    take: {effort", 10, "models.openai/small.take",
     'Did you mean "takes"?'),
    ("2027-01-14", "2027-13-14", 11, "models.openai/small.shutdown", "not a day"),
    ("2027-01-14", "20270114", 11, "models.openai/small.shutdown", "not a day"),
    ("2027-01-14", "14/01/2027", 11, "models.openai/small.shutdown", "not a day"),
    ("fallback: mistral/small", "fallback: mistral/smal", 12, "models.openai/small.fallback",
     'Did you mean "mistral/small"?'),
    ("fallback: mistral/small", "fallback: openai/small", 12, "models.openai/small.fallback",
     "openai/small -> openai/small"),
    ("  mistral/small:\n", "  mistra/small:\n", 16, "models.mistra/small",
     'no provider "mistra". Did you mean "mistral"?'),
    ("  openai/big:\n", "  big:\n", 13, "models.big", "provider/model"),
    ("  openai/big:\n", "  openai/small:\n", 13, "models.openai/small",
     "second time; first on line 7"),
    ("    tier: advanced\n", "    tier: advanced\n    tier: cheap\n", 15,
     "models.openai/big.tier", "second time; first on line 14"),
    ("input: 0.15", "input: -0.15", 23, "models.mistral/small.prices[1].input", "negative"),
    ("input: 0.15", "input: .nan", 23, "models.mistral/small.prices[1].input", "not a number"),
    ("input: 0.15", "input: nan", 23, "models.mistral/small.prices[1].input", "not a number"),
    ("input: 0.15", "input: .inf", 23, "models.mistral/small.prices[1].input", "not a number"),
    ("input: 0.15", "input: 1e-1", 23, "models.mistral/small.prices[1].input", "not a number"),
    ("input: 0.15", "input: free", 23, "models.mistral/small.prices[1].input", "not a number"),
    ("input: 0.15", "input: true", 23, "models.mistral/small.prices[1].input", "not a number"),
    ("input: 0.15", "input: 0,15", 23, "models.mistral/small.prices[1].input", "not a number"),
    ("input: 0.15", "input: 150000000", 23, "models.mistral/small.prices[1].input", "above"),
    ("input: 0.15", "input: 0.0000000001", 23, "models.mistral/small.prices[1].input", "too fine"),
    ("        input: 0.15\n", "", 22, "models.mistral/small.prices[1].input", "missing"),
    ("input: 0.15\n        output: 0.35", "input: 0\n        output: 0", 22,
     "models.mistral/small.prices[1]", "price of 0"),
    ("        currency: EUR", "        currency: Euro", 26,
     "models.mistral/small.prices[1].currency", "not a currency"),
    ("        to_usd: 1.163\n", "", 22, "models.mistral/small.prices[1].to_usd", "missing"),
    ("to_usd: 1.163", "to_usd: 0", 27, "models.mistral/small.prices[1].to_usd", "rate of 0"),
    ("source: their page}", "to_usd: 1, source: their page}", 21,
     "models.mistral/small.prices[0].to_usd", "need no rate"),
    ("        source: their page, 2026-01-02\n", "", 22, "models.mistral/small.prices[1].source",
     "missing"),
    ("since: 2026-01-01", "since: 2026-06-01", 22, "models.mistral/small.prices[1].since",
     "another price"),
    ("since: 2026-01-01", "since: yesterday", 22, "models.mistral/small.prices[1].since",
     "not a day"),
    ("models:\n", "thresholds: {cheap_tokens: 20}\nmodels:\n", 6, "thresholds.cheap_tokens",
     "from 100 to 240"),
    ("models:\n", "extra: 1\nmodels:\n", 6, "extra", "no such key"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("good", "bad", "line", "key", "says"), BAD, ids=[f"{b[3]}:{b[4]}" for b in BAD]
)
def test_a_bad_file_is_refused_with_line_key_and_cause(
    file: Path, good: str, bad: str, line: int, key: str, says: str
) -> None:
    assert GOOD.count(good) >= 1
    problems = refused(file, GOOD.replace(good, bad, 1))
    told = [one for one in problems if one.startswith(f"{file}:{line}: {key}: ")]
    assert told, problems
    assert any(says in one for one in told)


def test_every_problem_of_a_file_is_told_in_its_order(file: Path) -> None:
    bad = GOOD.replace("cheap: openai/small", "cheap: nobody").replace("0.35", "-1")
    bad = bad.replace("128_000", "many")
    lines = [one.removeprefix(f"{file}:").split(":")[0] for one in refused(file, bad)]
    assert lines == ["2", "9", "24"]


def test_a_cycle_of_fallbacks_is_told_once_with_its_way(file: Path) -> None:
    bad = GOOD.replace(
        "  openai/big:\n    tier: advanced\n",
        "  openai/big:\n    tier: advanced\n    fallback: openai/small\n",
    ).replace("    takes: {prefill", "    fallback: openai/big\n    takes: {prefill")
    assert refused(file, bad) == [
        f"{file}:12: models.openai/small.fallback: the fallbacks go round: openai/small ->"
        " mistral/small -> openai/big -> openai/small. Delete one of these links."
    ]


def test_a_chain_that_leads_into_a_cycle_is_refused_at_the_cycle(file: Path) -> None:
    bad = GOOD.replace(
        "    takes: {prefill", "    fallback: openai/big\n    takes: {prefill"
    ).replace("    tier: advanced\n", "    tier: advanced\n    fallback: mistral/small\n")
    assert [one for one in refused(file, bad) if "go round" in one] == refused(file, bad)
    assert len(refused(file, bad)) == 1


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("- a\n- b\n", 1, "not a group"),
        ("schema: 1\nmodels: {a: [1\n", 3, "not YAML"),
        ("schema: 1\n---\nschema: 1\n", 2, "not YAML"),
        ("schema: 1\n\tmodels: 2\n", 2, "not YAML"),
        ("? [a]\n: 1\n", 1, "one word"),
    ],
)
def test_what_is_no_such_file_is_refused(file: Path, text: str, line: int, says: str) -> None:
    assert any(f"{file}:{line}: " in one and says in one for one in refused(file, text))


def test_a_missing_huge_or_foreign_file_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_models(file)
    file.write_bytes(b"schema: \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_models(file)
    file.write_bytes(b"#" * 300_000)
    with pytest.raises(ConfigError, match="256 KB"):
        load_models(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_models(file.parent)


def test_a_merge_of_anchors_is_no_way_around_the_checks(file: Path) -> None:
    bad = GOOD.replace("  openai/big:\n", "  openai/big:\n    <<: {tier: cheap}\n")
    assert any("models.openai/big.<<" in one for one in refused(file, bad))


def test_thresholds_may_be_set_and_frozen(file: Path) -> None:
    text = GOOD + "thresholds: {cheap_tokens: 120, frozen: true}\n"
    assert load(file, text).thresholds == Thresholds(cheap_tokens=120, frozen=True)


def test_the_shipped_file_is_where_the_code_looks() -> None:
    assert SHIPPED.is_file()
    assert load_models(SHIPPED) == load_models()
