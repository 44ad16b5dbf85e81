"""The experiments of models.yaml: read exactly, or refused with file, line and key."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from services.core.errors import ConfigError
from services.llm.models.catalogue import ModelCatalogue, load_models
from services.llm.models.doctor import as_json, as_text, diagnose
from services.llm.models.lint import lint
from services.llm.models.money import Pricing
from services.llm.spec import Tier
from tests.fakes.clock import FakeClock
from tests.fakes.prices import FakePrices, usd

GOOD = """\
schema: 1
tiers: {cheap: openai/luna, advanced: openai/terra}
providers: {openai: {base_url: "https://api.openai.com/v1"}}
models:
  openai/luna: {tier: cheap, context_tokens: 1000}
  openai/nova: {tier: cheap, context_tokens: 1000}
  openai/terra: {tier: advanced, context_tokens: 1000}
experiments:
  luna-or-nova:
    tier: cheap
    since: 2026-11-01
    variants:
      nova: {weight: 0.3, model: openai/nova}
      control: {weight: 0.6}
      again: {weight: 0.1, model: openai/luna}
    guard: {worse_by: 0.1}
  terra-or-luna:
    tier: advanced
    paused: true
    variants:
      control: {weight: 0.5}
      luna: {weight: 0.5, model: openai/luna}
"""
TODAY = date(2026, 11, 21)
PRICES = {"openai/luna": usd(0.1, 0.5), "openai/nova": usd(0.2, 1), "openai/terra": usd(1, 5)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def load(file: Path, text: str) -> ModelCatalogue:
    file.write_text(text, encoding="utf-8")
    return load_models(file)


def pricing(models: ModelCatalogue, **prices: tuple[float, float]) -> Pricing:
    known = PRICES | {f"openai/{name}": usd(*price) for name, price in prices.items()}
    return Pricing(models, FakePrices(known), FakeClock(datetime(2026, 11, 21, tzinfo=UTC)))


def test_the_shipped_file_tries_nothing() -> None:
    assert load_models().experiments == ()


def test_experiments_are_read_with_control_first_and_the_rest_by_name(file: Path) -> None:
    one, two = load(file, GOOD).experiments
    assert (one.id, one.tier, one.since) == ("luna-or-nova", Tier.CHEAP, date(2026, 11, 1))
    assert (one.paused, one.worse_by) == (False, 0.1)
    assert [(v.name, v.weight, v.model) for v in one.variants] == [
        ("control", Decimal("0.6"), None),
        ("again", Decimal("0.1"), "openai/luna"),
        ("nova", Decimal("0.3"), "openai/nova"),
    ]
    assert (two.tier, two.since, two.paused, two.worse_by) == (Tier.ADVANCED, None, True, 0.05)


def test_order_of_the_file_moves_no_session(file: Path) -> None:
    nova, control = GOOD.splitlines(keepends=True)[12:14]
    turned = GOOD.replace(nova + control, control + nova)
    assert turned != GOOD
    assert load(file, GOOD).experiments == load(file, turned).experiments


def test_weights_are_exact_decimals(file: Path) -> None:
    """In binary, 0.6 + 0.3 + 0.1 is not 1."""
    assert 0.6 + 0.3 + 0.1 != 1
    load(file, GOOD)
    with pytest.raises(ConfigError, match=r"the weights sum to 1\.000000000000000001\."):
        load(file, GOOD.replace("0.6", "0.600000000000000001"))


BAD = [
    ("weight: 0.6", "weight: 0.5", 12, "luna-or-nova.variants", "weights sum to 0.9"),
    ("weight: 0.6", "weight: 0.7", 12, "luna-or-nova.variants", "weights sum to 1.1"),
    ("weight: 0.6", "weight: -0.6", 14, "luna-or-nova.variants.control.weight", "negative"),
    ("weight: 0.6", "weight: 60", 14, "luna-or-nova.variants.control.weight", "every second"),
    ("weight: 0.6", "weight: half", 14, "luna-or-nova.variants.control.weight", "not a number"),
    ("{weight: 0.6}", "{weigth: 0.6}", 14, "luna-or-nova.variants.control.weigth",
     'Did you mean "weight"?'),
    ("weight: 0.3", "weight: 0", 13, "luna-or-nova.variants.nova.weight", "nobody"),
    ("model: openai/nova", "model: openai/nov", 13, "luna-or-nova.variants.nova.model",
     'Did you mean "openai/nova"?'),
    (", model: openai/nova", "", 13, "luna-or-nova.variants.nova.model", "missing"),
    ("control: {weight: 0.6}", "contrl: {weight: 0.6, model: openai/luna}", 12,
     "luna-or-nova.variants", "there is no control"),
    ("{weight: 0.6}", "{weight: 0.6, model: openai/luna}", 14,
     "luna-or-nova.variants.control.model", "own chain"),
    ("model: openai/nova", "model: openai/terra", 13, "luna-or-nova.variants.nova.model",
     "dearer than this one allows"),
    ("tier: advanced\n    paused", "tier: cheap\n    paused", 18, "terra-or-luna.tier",
     'experiment "luna-or-nova" has that tier already'),
    ("tier: cheap\n    since", "tier: local\n    since", 10, "luna-or-nova.tier",
     "cheap, advanced"),
    ("paused: true", "paused: yes", 19, "terra-or-luna.paused", "true, false"),
    ("2026-11-01", "soon", 11, "luna-or-nova.since", "not a day"),
    ("worse_by: 0.1", "worse_by: 5", 16, "luna-or-nova.guard.worse_by", "0.05 is 5 points"),
    ("worse_by: 0.1", "worse: 0.1", 16, "luna-or-nova.guard.worse", 'Did you mean "worse_by"?'),
    ("  luna-or-nova:", "  Luna:", 9, "Luna", "cannot be an experiment's id"),
    ("      nova: {", "      nova/1: {", 13, "luna-or-nova.variants.nova/1", "variant's name"),
    ("      luna: {weight: 0.5, model: openai/luna}\n", "", 20, "terra-or-luna.variants",
     "nothing beside control"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "key", "cause"), BAD, ids=lambda value: str(value))
def test_l13_bad_experiment_is_refused_with_line_key_and_cause(
    file: Path, old: str, new: str, line: int, key: str, cause: str
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(file, GOOD.replace(old, new, 1))
    told = str(caught.value).splitlines()
    assert any(
        one.startswith(f"{file}:{line}: experiments.{key}: ") and cause in one for one in told
    ), told


def test_more_than_four_variants_are_refused(file: Path) -> None:
    more = "".join(f"      v{n}: {{weight: 0.1, model: openai/luna}}\n" for n in range(3))
    text = GOOD.replace("      control: {weight: 0.5}\n", f"      control: {{weight: 0.2}}\n{more}")
    with pytest.raises(ConfigError, match="there are 5 variants"):
        load(file, text)


def test_variant_that_costs_more_than_the_advanced_tier_is_an_error_at_its_line(
    file: Path,
) -> None:
    models = load(file, GOOD)
    assert lint(models, pricing(models), TODAY) == ()
    findings = lint(models, pricing(models, nova=(2, 9)), TODAY)
    assert {(one.code, one.model, one.place) for one in findings} == {
        ("E-TIER-PRICE", "openai/nova", f"{file}:13")
    }


def test_variant_that_its_vendor_ends_is_told_as_one_in_use(file: Path) -> None:
    text = GOOD.replace("nova: {tier: cheap,", "nova: {tier: cheap, shutdown: 2026-12-01,")
    models = load(file, text)
    (finding,) = lint(models, pricing(models), TODAY)
    assert (finding.code, finding.model, finding.in_use) == ("W-SHUTDOWN", "openai/nova", True)


def test_doctor_tells_what_is_tried(file: Path) -> None:
    models = load(file, GOOD)
    found = diagnose(models, pricing(models), TODAY)
    assert (
        "experiment luna-or-nova on cheap: control 0.6, again 0.1 openai/luna, "
        "nova 0.3 openai/nova since 2026-11-01" in as_text(found)
    )
    assert as_json(found)["experiments"][1] == {  # type: ignore[index]
        "id": "terra-or-luna",
        "tier": "advanced",
        "since": None,
        "paused": True,
        "worse_by": 0.05,
        "variants": {
            "control": {"weight": 0.5, "model": None},
            "luna": {"weight": 0.5, "model": "openai/luna"},
        },
    }
