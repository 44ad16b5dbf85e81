"""What a call for words came to: the text, what served it, what it used and cost, how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.llm.spec import Tier


class Source(StrEnum):
    """What produced the words (CONTRACTS section 4)."""

    LIVE = "live"
    CACHED = "cached"
    DECK = "deck"
    FALLBACK = "fallback"
    UNDERSTUDY = "understudy"


class Level(StrEnum):
    """Where a cached answer was found; `flight` is an equal call that was under way."""

    PROCESS = "process"
    SHARED = "shared"
    FLIGHT = "flight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the vendor counted them; `estimated` when it never said.

    `prompt_tokens` includes the cached and the cache-write ones. Source: the OpenAI API reference.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False


def total(usages: Sequence[Usage]) -> Usage:
    """The tokens of several attempts together; estimated when any of them is."""
    if len(usages) == 1:
        return usages[0]
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        estimated=any(usage.estimated for usage in usages),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Where the time of a call went, in seconds.

    `cache_s` asking the caches, `reserve_s` asking the budget, `first_token_s` from the call to the
    model's first useful words (None when they are not a model's), `total_s` to the answer's end.
    """

    cache_s: float = 0.0
    reserve_s: float = 0.0
    first_token_s: float | None = None
    total_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a call.

    `model` is the one whose words these are; for authored words, the one that was asked. `fault` is
    the first thing that went wrong, as a stable word (`deadline`, `status_503`, `cut`, `cancelled`,
    `budget`), `faults` all of them as `route:fault`; `route:continued` names one that ended an
    answer of `model` which broke off (`source` is `fallback` then). `cost_nano` is nano-USD over
    every attempt, `saved_nano` what the cache or the deck spared. `complete` tells an answer that
    came whole. `variant` is the session's part in an experiment (`experiment/variant`), if any.
    """

    text: str
    source: Source
    call: str = ""
    model: str | None = None
    provider: str | None = None
    tier: Tier | None = None
    rule: str = ""
    template: str = ""
    level: Level | None = None
    usage: Usage = Usage()
    cost_nano: int = 0
    cost_estimated: bool = False
    saved_nano: int = 0
    latency: Latency = Latency()
    fault: str | None = None
    faults: tuple[str, ...] = ()
    complete: bool = False
    variant: str | None = None
