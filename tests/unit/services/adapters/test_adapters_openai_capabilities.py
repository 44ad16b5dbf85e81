"""What a model may be sent."""

import pytest

from services.adapters.openai_chat import Capabilities, capabilities

LOCAL = Capabilities()
PLAIN = Capabilities(limit_field="max_completion_tokens")
QUICK = Capabilities(effort="none", limit_field="max_completion_tokens")
FIRST = Capabilities(effort="minimal", temperature=False, limit_field="max_completion_tokens")


@pytest.mark.parametrize(
    ("model", "base_url", "expected"),
    [
        ("gpt-6-luna", None, QUICK),
        ("gpt-6.1-terra", "https://api.openai.com/v1", QUICK),
        ("gpt-5.4-nano", "https://eu.api.openai.com/v1", QUICK),
        ("gpt-5-nano", None, FIRST),
        ("gpt-4o-mini", None, PLAIN),
        ("gpt-6-luna", "http://127.0.0.1:8080/v1", LOCAL),
        ("gpt-6-luna", "https://api.openai.com.evil.example/v1", LOCAL),
        ("mistral-small-2603", "https://api.mistral.ai/v1", LOCAL),
    ],
)
def test_only_the_vendor_gets_its_own_fields(
    model: str, base_url: str | None, expected: Capabilities
) -> None:
    assert capabilities(model, base_url) == expected
