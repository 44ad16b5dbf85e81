"""The lint: tiers the wrong way round, models near their end, prices that nobody knows."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.llm.models.catalogue import ModelCatalogue
from services.llm.models.doctor import as_json, as_text, diagnose
from services.llm.models.lint import MIXES, Finding, lint
from services.llm.models.money import Pricing
from services.llm.request import TaskType
from services.llm.spec import ModelSpec, Rates, Tier
from tests.fakes.clock import FakeClock
from tests.fakes.prices import FakePrices, usd

TODAY = date(2026, 11, 21)
CLOCK = FakeClock(datetime(2026, 11, 21, 9, 0, tzinfo=UTC))


def model(id: str, *, shutdown: date | None = None, fallback: str | None = None) -> ModelSpec:
    provider, _, name = id.partition("/")
    return ModelSpec(
        id=id,
        provider=provider,
        model=name,
        tier=Tier.CHEAP,
        context_tokens=128_000,
        shutdown=shutdown,
        fallback=fallback,
    )


def catalogue(cheap: str, advanced: str, *others: ModelSpec) -> ModelCatalogue:
    specs = {one.id: one for one in (model(cheap), model(advanced), *others)}
    return ModelCatalogue(
        specs=specs,
        heads={Tier.CHEAP: cheap, Tier.ADVANCED: advanced},
        file="models.yaml",
        lines={"tiers.cheap": 4} | {id: 10 + index for index, id in enumerate(specs)},
    )


def found(models: ModelCatalogue, known: dict[str, Rates] | None = None) -> tuple[Finding, ...]:
    return lint(models, Pricing(models, FakePrices(known), CLOCK), TODAY)


def test_the_default_pair_is_the_right_way_round() -> None:
    assert found(catalogue("openai/gpt-6-luna", "openai/gpt-6.1-terra")) == ()


def test_a_cheap_tier_that_costs_more_is_refused_with_both_names_for_each_task() -> None:
    findings = found(catalogue("openai/gpt-3.5-turbo", "openai/gpt-4o-mini"))
    assert [one.severity for one in findings] == ["error"] * len(MIXES)
    for task, one in zip(MIXES, findings, strict=True):
        assert str(one).startswith("models.yaml:4: error E-TIER-PRICE openai/gpt-3.5-turbo: ")
        assert f"one {task.value} call" in one.cause
        assert "openai/gpt-4o-mini" in one.cause
    reaction = next(one for one in findings if "agent_reaction" in one.cause)
    assert "$0.0003875 " in reaction.cause
    assert reaction.cause.endswith("$0.00012")


def test_the_mix_of_a_task_decides_whether_it_is_dearer() -> None:
    known = {"openai/a": usd(0.1, 6), "openai/b": usd(0.5, 2)}
    causes = [one.cause for one in found(catalogue("openai/a", "openai/b"), known)]
    dearer = [task for task in TaskType for cause in causes if f"one {task.value} call" in cause]
    assert dearer == [TaskType.CREATIVE, TaskType.ANALYSIS, TaskType.DEBRIEF]


def test_one_model_for_both_tiers_is_allowed() -> None:
    assert found(catalogue("openai/gpt-6-luna", "openai/gpt-6-luna")) == ()


def test_prices_in_euros_are_compared_in_dollars() -> None:
    euros = Rates(
        input_nano=950_000_000,
        cached_nano=0,
        write_nano=0,
        output_nano=950_000_000,
        currency="EUR",
        to_usd_micro=1_200_000,
    )
    findings = found(catalogue("openai/a", "openai/b"), {"openai/a": euros, "openai/b": usd(1, 1)})
    assert {one.code for one in findings} == {"E-TIER-PRICE"}


@pytest.mark.parametrize(
    ("days", "told"), [(61, None), (60, "warning"), (1, "warning"), (0, "error"), (-30, "error")]
)
def test_a_model_in_use_warns_sixty_days_before_its_end_and_is_an_error_after_it(
    days: int, told: str | None
) -> None:
    ending = model("openai/gpt-6-luna", shutdown=TODAY + timedelta(days=days))
    findings = found(catalogue("openai/gpt-6-luna", "openai/gpt-6.1-terra", ending))
    assert [one.severity for one in findings] == ([told] if told else [])
    assert all(one.in_use and "a tier asks it" in one.cause for one in findings)


def test_a_fallback_counts_as_in_use() -> None:
    head = model("openai/gpt-6-luna", fallback="mistral/mistral-small-2603")
    gone = model("mistral/mistral-small-2603", shutdown=TODAY)
    findings = found(catalogue("openai/gpt-6-luna", "openai/gpt-6.1-terra", head, gone))
    assert [(one.severity, one.model) for one in findings] == [
        ("error", "mistral/mistral-small-2603")
    ]


def test_a_model_that_no_tier_asks_only_warns_when_it_is_gone() -> None:
    gone = model("openai/gpt-4o-mini", shutdown=TODAY - timedelta(days=1))
    findings = found(catalogue("openai/gpt-6-luna", "openai/gpt-6.1-terra", gone))
    assert [(one.severity, one.code, one.in_use) for one in findings] == [
        ("warning", "W-SHUTDOWN", False)
    ]


def test_l8_a_price_that_nobody_knows_warns(caplog: pytest.LogCaptureFixture) -> None:
    findings = found(catalogue("openai/gpt-6-luna", "openai/unheard-of"))
    assert [(one.severity, one.code, one.model) for one in findings] == [
        ("warning", "W-PRICE", "openai/unheard-of")
    ]
    assert caplog.records == []


def test_the_doctors_page_marks_unknown_prices_and_says_when_all_is_well() -> None:
    unknown = catalogue("openai/gpt-6-luna", "openai/unheard-of")
    sick = diagnose(unknown, Pricing(unknown, FakePrices(), CLOCK), TODAY)
    row = next(line for line in as_text(sick).splitlines() if line.startswith("openai/unheard-of "))
    assert row.split()[2:7] == ["?", "?", "?", "?", "unknown"]
    assert not sick.healthy
    well = catalogue("openai/gpt-6-luna", "openai/gpt-6.1-terra")
    page = as_text(diagnose(well, Pricing(well, FakePrices(), CLOCK), TODAY))
    assert page.endswith("nothing speaks against it")


def test_the_doctor_is_content_with_an_unused_model_that_ends() -> None:
    ending = model("openai/gpt-4o-mini", shutdown=TODAY + timedelta(days=5))
    models = catalogue("openai/gpt-6-luna", "openai/gpt-6.1-terra", ending)
    diagnosis = diagnose(models, Pricing(models, FakePrices(), CLOCK), TODAY)
    assert diagnosis.healthy
    told = as_json(diagnosis)
    assert told["day"] == "2026-11-21"
    assert told["tiers"] == {"cheap": ["openai/gpt-6-luna"], "advanced": ["openai/gpt-6.1-terra"]}
    assert isinstance(told["findings"], list)
    assert told["findings"][0]["code"] == "W-SHUTDOWN"
