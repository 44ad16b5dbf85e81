"""What calls teach: where the cheap tier ends, and how many tokens a model's words really are.

Owns nothing but the way there: it stands before whoever counts, and hears what that one hears.
"""

from services.core.tokens import TokenFactors, tokens_of
from services.llm.entry import LedgerEntry
from services.llm.models.thresholds import Thresholds, Tuner, trials_of
from services.llm.outcome import Outcome, Source
from services.llm.ports import Observer
from services.llm.request import Request

_CALLS_A_LESSON = 20
"""Attempts of one call, and the verdict on them, are booked close together: so many calls later
they are all there."""


class Learning:
    """An Observer that passes everything on to `then`."""

    def __init__(self, then: Observer, *, tuner: Tuner, factors: TokenFactors) -> None:
        self._then = then
        self._tuner = tuner
        self._factors = factors
        self._calls: dict[str, list[LedgerEntry]] = {}

    @property
    def thresholds(self) -> Thresholds:
        """As they stand now."""
        return self._tuner.thresholds

    def call(self, request: Request, outcome: Outcome) -> None:
        """A call is over: an answer of one attempt with a bill says what its tokens were."""
        usage = outcome.usage
        if outcome.source is Source.LIVE and not (usage.estimated or outcome.faults):
            self._factors.learn(
                f"{outcome.provider}/{outcome.model}",
                request.language,
                estimated=tokens_of(request.messages),
                actual=usage.prompt_tokens,
            )
        self._then.call(request, outcome)

    def entry(self, entry: LedgerEntry) -> None:
        """An attempt, or a verdict on one, was booked."""
        self._calls.setdefault(entry.call, []).append(entry)
        while len(self._calls) > _CALLS_A_LESSON:
            call = next(iter(self._calls))
            self._tuner.learn(trials_of(self._calls.pop(call)))
        self._then.entry(entry)

    def event(self, name: str, **labels: str) -> None:
        """Something worth counting."""
        self._then.event(name, **labels)
