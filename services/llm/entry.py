"""One row of the ledger: what one attempt at one model, or one answer without a model, came to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.llm.outcome import Level, Usage
from services.llm.request import TaskType
from services.llm.spec import Tier


class Role(StrEnum):
    """What became of an attempt.

    `lost` is what a process that died had under way. `served` is the only one whose words were
    used whole; `cut` ones were used up to a sentence. `unfit` is no attempt but a verdict on one:
    its words did not fit what they were for (`fault` tells: `guard`, `schema`); it costs nothing.
    """

    SERVED = "served"
    CUT = "cut"
    FAILED = "failed"
    LATE = "late"
    HEDGE_LOST = "hedge_lost"
    CANCELLED = "cancelled"
    PROBE = "probe"
    LOST = "lost"
    CACHED = "cached"
    DECK = "deck"
    UNDERSTUDY = "understudy"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One booking. Money is integer nano-USD, times are aware UTC, durations seconds.

    `id` is unique; `call` groups the attempts of one call. `list_nano` is what the same words cost
    on the advanced tier at list price, without cache and compression: the counterfactual; only the
    entry that served the words carries it. `saved_nano` is what a cached or deck answer spared.
    `squeezed_tokens` were taken out by compression, worth `squeezed_nano`; `refused_nano` is what a
    shortening that was refused would have lost in discount. `predicted_tokens` are the prompt
    tokens that the vendor was expected to find in its own cache. `calls` is 1 on the one entry of a
    call that stands for the call itself (the answer that was used), else 0. `variant` is the part
    that the session has in an experiment, `experiment/variant`.
    """

    id: str
    call: str
    at: datetime
    role: Role
    task: TaskType
    session: str | None = None
    user: str | None = None
    scenario: str | None = None
    persona: str | None = None
    tier: Tier | None = None
    rule: str = ""
    provider: str | None = None
    model: str | None = None
    level: Level | None = None
    source: str = ""
    template: str = ""
    usage: Usage = Usage()
    cost_nano: int = 0
    list_nano: int = 0
    saved_nano: int = 0
    squeezed_tokens: int = 0
    squeezed_nano: int = 0
    refused_nano: int = 0
    predicted_tokens: int = 0
    calls: int = 0
    first_token_s: float | None = None
    total_s: float = 0.0
    overhead_s: float = 0.0
    fault: str | None = None
    currency: str = "USD"
    variant: str | None = None
