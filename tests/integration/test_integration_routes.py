"""A provider is asked where the environment says, else where models.yaml says."""

from pathlib import Path

import pytest

from bench.vendor import Delays, vendor
from services.llm.models.catalogue import load_models
from services.llm.request import Message, Request, TaskType
from services.llm.spec import Tier
from services.settings import load_settings
from services.wiring.routes import open_routes

NOWHERE = "http://127.0.0.1:1/v1"
MODELS = """\
schema: 1
tiers: {{cheap: openai/small, advanced: openai/small}}
providers:
  openai: {{base_url: "{address}"}}
models:
  openai/small: {{tier: cheap, context_tokens: 1000}}
"""


@pytest.mark.parametrize("environment_goes_first", [True, False])
async def test_a_providers_address(tmp_path: Path, environment_goes_first: bool) -> None:
    async with vendor(delays=Delays(first_token_s=0.0, word_s=0.0)) as stub:
        file = tmp_path / "models.yaml"
        file.write_text(MODELS.format(address=NOWHERE if environment_goes_first else stub.url))
        environ = {"REPARTEE_DATA_DIR": str(tmp_path), "OPENAI_API_KEY": "any"}
        if environment_goes_first:
            environ["OPENAI_BASE_URL"] = stub.url
        routes, _, chats, _ = open_routes(load_settings(environ), load_models(file), None)
        request = Request(task=TaskType.ANALYSIS, messages=(Message("user", "Hello"),))
        said = [delta async for delta in routes[Tier.CHEAP][0].chat.stream(request)]
        for chat in chats:
            await chat.aclose()
        assert said[-1].finish == "stop"
        assert len(stub.calls) == 1
