"""The reaction deck: what each character is likely to let fall in this scene, written before it is
needed.

Owns the lines by character and moment, which of them were said, and the purse they may be written
from. It is empty until a model has filled it; the author's own reactions are the understudy's.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from scenarios.schema import Scenario
from services.core.money import nano
from services.llm.cache.stored import fingerprint
from services.llm.prompts.store import TemplateStore
from services.llm.reactions import NO_REACTIONS, Moment, Reactions, asking
from services.llm.request import Request, TaskType
from services.llm.sentences import useful
from services.llm.structured import Responds, Structured, structured

PURSE_SHARE = 0.05
"""What filling may cost at most, of what the author lets the scene cost."""

MAX_WORDS = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What filling came to: lines that were added, what they cost, and why it stopped early."""

    lines: int
    cost_nano: int
    stopped: str | None = None


class Deck:
    """The reactions of one scene's cast, for one session."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        clean: Callable[[str, str], str],
        rng: Random,
        share: float = PURSE_SHARE,
    ) -> None:
        """`clean` takes a character's id and a line, and gives what of it can be spoken."""
        self.avoided = 0
        self._scenario = scenario
        self._clean = clean
        self._rng = rng
        self._purse_nano = nano(scenario.limits.cost_usd * share)
        self._written: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._said: defaultdict[str, set[str]] = defaultdict(set)

    async def fill(
        self,
        optimizer: Responds,
        *,
        revision: str,
        session: str | None,
        user: str | None,
        templates: TemplateStore | None = None,
    ) -> Filled:
        """Asks for each character's reactions, one after the other, as far as the purse goes.

        Nothing is asked that may cost more than is left in it. The requests hold only what the
        author wrote, so sessions of one scenario share the answers through the cache for a day.
        Stops when no model answers. For low priority, begin it when no opening waits for words.
        """
        lines = spent_nano = 0
        for character in self._scenario.cast:
            request = asking(
                self._scenario,
                character,
                revision,
                session=session,
                user=user,
                templates=templates,
            )
            made = await structured(
                optimizer,
                request,
                Reactions,
                default=NO_REACTIONS,
                templates=templates,
                purse_nano=self._purse_nano - spent_nano,
            )
            spent_nano += made.cost_nano
            if made.defaulted and not made.outcome.complete:
                return self._filled(lines, spent_nano, made.outcome.fault or "no_model")
            lines += self._add(character.id, made)
        return self._filled(lines, spent_nano, None)

    def line(self, request: Request) -> str | None:
        """A DeckLine: one that was written for the request's moment and not said yet."""
        persona, moment = request.persona, request.moment
        if persona is None or moment is None:
            return None
        line = self.drawn(persona, moment)
        if line is not None:
            self.avoided += request.task is TaskType.AGENT_REACTION
        return line

    def drawn(self, persona: str, moment: str) -> str | None:
        """The character's next line for that moment that it has not said yet; it counts as said."""
        said = self._said[persona]
        fresh = (x for x in self._written.get((persona, moment), ()) if fingerprint(x) not in said)
        line = next(fresh, None)
        if line is not None:
            self.mark(persona, line)
        return line

    def unsaid(self, persona: str) -> tuple[str, ...]:
        """All that the character may still let fall, whatever the moment."""
        said = self._said[persona]
        written = (lines for (who, _), lines in self._written.items() if who == persona)
        return tuple(x for lines in written for x in lines if fingerprint(x) not in said)

    def mark(self, persona: str, text: str) -> None:
        """The character said this, here or before a restart."""
        self._said[persona].add(fingerprint(text))

    def _add(self, persona: str, made: Structured[Reactions]) -> int:
        """Keeps what can be spoken, shuffled so that sessions differ; how many were kept."""
        known = set(map(fingerprint, self._scenario.character(persona).understudy.reactions))
        kept = 0
        for moment in Moment:
            lines = [self._clean(persona, line) for line in getattr(made.value, moment)]
            fits = [one for one in lines if _short(one) and fingerprint(one) not in known]
            known.update(map(fingerprint, fits))
            self._rng.shuffle(fits)
            self._written[persona, moment] += fits
            kept += len(fits)
        return kept

    def _filled(self, lines: int, cost_nano: int, stopped: str | None) -> Filled:
        facts = {"lines": lines, "cost_nano": cost_nano, "stopped": stopped}
        log.info("deck.filled", extra={"scenario": self._scenario.id, **facts})
        return Filled(lines=lines, cost_nano=cost_nano, stopped=stopped)


def _short(line: str) -> bool:
    return useful(line) and len(line.split()) <= MAX_WORDS
