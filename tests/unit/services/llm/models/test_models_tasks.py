"""A prompt may have a model of its own, with its fallbacks, whatever the tiers ask."""

from pathlib import Path

import pytest

from services.core.errors import ConfigError
from services.llm.models.catalogue import load_models
from services.llm.request import Complexity, Message, Request, TaskType
from services.llm.spec import Tier
from services.settings import load_settings
from services.wiring.routes import own_chains
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import optimizer_on, route_to

FILE = """\
schema: 1
tiers: {cheap: openai/small, advanced: openai/big}
providers: {openai: {base_url: "https://a.example/v1"}, mistral: {base_url: "https://b.example/v1"}}
tasks: {memory: openai/reader}
models:
  openai/small: {tier: cheap, context_tokens: 1000}
  openai/big: {tier: advanced, context_tokens: 1000}
  openai/reader: {tier: cheap, context_tokens: 1000, fallback: mistral/reader}
  mistral/reader: {tier: cheap, context_tokens: 1000}
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "models.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def request(template: str) -> Request:
    return Request(
        task=TaskType.ANALYSIS,
        messages=(Message("user", "Donne l'analyse."),),
        complexity=Complexity.SIMPLE,
        template=template,
    )


def test_the_shipped_memory_is_read_by_a_cheap_model_with_fallbacks() -> None:
    shipped = load_models()
    chain = shipped.own_chain("memory")
    assert len(chain) >= 3
    assert {spec.tier for spec in chain} == {Tier.CHEAP}
    assert len({spec.provider for spec in chain}) >= 2


def test_a_prompt_s_model_and_its_fallbacks_are_read(tmp_path: Path) -> None:
    catalogue = load_models(written(tmp_path, FILE))
    assert [one.id for one in catalogue.own_chain("memory")] == ["openai/reader", "mistral/reader"]
    assert catalogue.own_chain("deck") == ()


def test_a_file_without_tasks_asks_the_tiers(tmp_path: Path) -> None:
    text = FILE.replace("tasks: {memory: openai/reader}\n", "")
    assert load_models(written(tmp_path, text)).own_chain("memory") == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("memory: openai/readr", ':4: tasks.memory: there is no model "openai/readr"'),
        ("memroy: openai/reader", ":4: tasks.memroy: there is no such key"),
        ("memory: ~", ":4: tasks.memory: this holds no text"),
    ],
)
def test_y2_a_task_or_a_model_that_does_not_exist_is_refused(
    tmp_path: Path, change: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_models(written(tmp_path, FILE.replace("memory: openai/reader", change)))
    assert told in str(caught.value)


def test_only_providers_with_a_key_are_asked(tmp_path: Path) -> None:
    catalogue = load_models(written(tmp_path, FILE))
    both = {"OPENAI_API_KEY": "k", "MISTRAL_API_KEY": "k"}
    for environ, ids in (
        (both, ["openai/reader", "mistral/reader"]),
        ({"MISTRAL_API_KEY": "k"}, ["mistral/reader"]),
        ({}, None),
    ):
        own = own_chains(load_settings(environ), catalogue)
        assert [spec.id for spec in own.get("memory", ())] == (ids or [])
        assert ("memory" in own) == (ids is not None)


async def test_that_prompt_goes_to_its_model_and_others_to_their_tier() -> None:
    small, reader = FakeChatModel(name="small"), FakeChatModel(name="reader")
    optimizer = optimizer_on(small, LoopClock(), own={"memory": (route_to(reader),)})
    for template in ("memory.fr@2", "deck.fr@1", ""):
        await optimizer.respond(request(template))
    assert [one.template for one in reader.requests] == ["memory.fr@2"]
    assert [one.template for one in small.requests] == ["deck.fr@1", ""]
    await optimizer.aclose()
