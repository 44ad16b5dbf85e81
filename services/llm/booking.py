"""Ledger rows that are no attempts: answers cached, from the deck or the author's; verdicts."""

from datetime import datetime

from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import Level, Outcome, Source, Usage
from services.llm.request import Request

_ROLES = {
    Source.CACHED: Role.CACHED,
    Source.DECK: Role.DECK,
    Source.UNDERSTUDY: Role.UNDERSTUDY,
}
_LOOKED_UP = frozenset({Level.PROCESS, Level.SHARED})
"""Where an answer took no longer than the optimizer did."""


def booking(request: Request, outcome: Outcome, *, at: datetime, list_nano: int) -> LedgerEntry:
    """The row of that outcome; it cost nothing, `list_nano` is its counterfactual price.

    The attempts that failed before an authored line are booked for themselves, tokens too.
    """
    return LedgerEntry(
        id=outcome.call,
        call=outcome.call,
        at=at,
        role=_ROLES[outcome.source],
        task=request.task,
        session=request.session,
        user=request.user,
        scenario=request.scenario,
        persona=request.persona,
        tier=outcome.tier,
        rule=outcome.rule,
        provider=outcome.provider,
        model=outcome.model,
        level=outcome.level,
        source=outcome.source,
        template=outcome.template,
        usage=outcome.usage if outcome.source is Source.CACHED else Usage(),
        list_nano=list_nano,
        saved_nano=outcome.saved_nano,
        calls=1,
        first_token_s=outcome.latency.first_token_s if request.spoken else None,
        total_s=outcome.latency.total_s,
        overhead_s=outcome.latency.total_s if outcome.level in _LOOKED_UP else 0.0,
        fault=outcome.fault,
        variant=outcome.variant,
    )


def verdict(request: Request, outcome: Outcome, *, at: datetime) -> LedgerEntry:
    """The row that tells of a model's answer that its words did not fit what they were for.

    It stands beside the answer's own row, for no call and no money; two of one call are one.
    """
    return LedgerEntry(
        id=f"{outcome.call}.unfit",
        call=outcome.call,
        at=at,
        role=Role.UNFIT,
        task=request.task,
        session=request.session,
        user=request.user,
        scenario=request.scenario,
        persona=request.persona,
        tier=outcome.tier,
        rule=outcome.rule,
        provider=outcome.provider,
        model=outcome.model,
        source=outcome.source,
        template=outcome.template,
        fault="schema" if request.schema else "guard",
        variant=outcome.variant,
    )
