"""Ledger entries for tests: one, or thousands that use every kind there is."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import Level, Usage
from services.llm.request import TaskType
from services.llm.spec import Tier

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

_SOURCES = {
    Role.CACHED: "cached",
    Role.DECK: "deck",
    Role.UNDERSTUDY: "understudy",
}
_MODELS = {
    Tier.CHEAP: ("openai", "gpt-6-luna"),
    Tier.ADVANCED: ("openai", "gpt-6.1-terra"),
    Tier.LOCAL: ("local", "qwen.gguf"),
}


def booked(id: str = "e-1", **fields: Any) -> LedgerEntry:
    """An answer that a cheap model gave at noon, with what the test changes."""
    known: dict[str, Any] = {
        "call": f"call-{id}",
        "at": NOON,
        "role": Role.SERVED,
        "task": TaskType.AGENT_RESPONSE,
        "session": "s-1",
        "user": "ada",
        "scenario": "debat-tv",
        "persona": "morel",
        "tier": Tier.CHEAP,
        "rule": "reaction",
        "provider": "openai",
        "model": "gpt-6-luna",
        "source": "live",
        "template": "answer.fr@1",
        "usage": Usage(prompt_tokens=700, cached_tokens=512, completion_tokens=25),
        "cost_nano": 36_420,
        "list_nano": 825_000,
        "calls": 1,
        "first_token_s": 0.3,
        "total_s": 0.8,
        "overhead_s": 0.0004,
    }
    return LedgerEntry(id=id, **(known | fields))


def many(
    count: int, *, rng: random.Random, spread: timedelta, until: datetime, prefix: str = ""
) -> list[LedgerEntry]:
    """Entries of every role, tier, task and level, evenly mixed over the time before `until`."""
    return [
        _mixed(f"{prefix}{n}", n // 2, rng, until - spread * rng.random()) for n in range(count)
    ]


def _mixed(id: str, call: int, rng: random.Random, at: datetime) -> LedgerEntry:
    role, tier = rng.choice(list(Role)), rng.choice(list(Tier))
    provider, model = _MODELS[tier]
    cached = role is Role.CACHED
    answers = role in {Role.SERVED, Role.CUT, *_SOURCES}
    first = rng.choice([Role.SERVED, None]) is None and role is Role.SERVED
    return booked(
        f"e-{id}",
        call=f"c-{call}",
        at=at,
        role=role,
        task=rng.choice(list(TaskType)),
        session=rng.choice([None, *(f"s-{n}" for n in range(40))]),
        user=rng.choice([None, "ada", "bob"]),
        scenario=rng.choice(["debat-tv", "jury"]),
        persona=rng.choice([None, "morel", "roche"]),
        tier=tier,
        rule=rng.choice(["", "closed_question", "explicit_simple"]),
        provider=provider,
        model=model,
        level=rng.choice(list(Level)) if cached else None,
        source=_SOURCES.get(role, "fallback" if first else "live"),
        usage=Usage(
            prompt_tokens=rng.randrange(3000),
            cached_tokens=rng.randrange(1000),
            cache_write_tokens=rng.randrange(100),
            completion_tokens=rng.randrange(400),
            estimated=rng.random() < 0.2,
        ),
        cost_nano=0 if role in _SOURCES else rng.randrange(10**9),
        list_nano=rng.randrange(10**10) if answers else 0,
        saved_nano=rng.randrange(10**9) if cached else 0,
        squeezed_tokens=rng.randrange(200),
        squeezed_nano=rng.randrange(10**6),
        refused_nano=rng.randrange(10**6),
        predicted_tokens=rng.randrange(1000),
        calls=int(answers),
        first_token_s=rng.choice([None, rng.lognormvariate(-1, 0.5)]),
        total_s=rng.lognormvariate(0, 1),
        overhead_s=rng.lognormvariate(-8, 0.3),
        fault=rng.choice([None, None, "deadline", "status_503", "cut"]),
    )
