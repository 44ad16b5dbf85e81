"""Model specs for tests: the stub vendor's model, plain unless told otherwise."""

from dataclasses import replace
from typing import Any

from services.llm.spec import ModelSpec, Tier

STUB = ModelSpec(
    id="stub/stub-1", provider="stub", model="stub-1", tier=Tier.CHEAP, context_tokens=128_000
)


def stub_spec(model: str = "stub-1", **more: Any) -> ModelSpec:
    """The spec of a model that the stub vendor plays."""
    provider = more.pop("provider", "stub")
    return replace(STUB, id=f"{provider}/{model}", provider=provider, model=model, **more)
