"""The reaction deck: what each character is likely to let fall in this scene, written before it is
needed.

Owns the lines by character and moment, who has heard which, and the purse they may be written
from. Author's reactions stand in it from the start; a model adds to them at low priority.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Container, Iterable
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

_LISTENING = frozenset(Moment) - {Moment.INTERRUPTED, Moment.STALL}
"""Moments in which the author's reactions fit: they are sounds of a listener."""


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
        self._written: defaultdict[tuple[str, Moment], list[str]] = defaultdict(list)
        self._said: defaultdict[str, list[str]] = defaultdict(list)

    async def fill(
        self,
        optimizer: Responds,
        *,
        revision: str,
        session: str | None,
        user: str | None,
        templates: TemplateStore | None = None,
    ) -> Filled:
        """Asks for each character's reactions, one after the other, until the purse is empty.

        The requests hold only what the author wrote, so sessions of one scenario share the answers
        through the cache for a day. Stops when no model answers.
        """
        lines = spent_nano = dearest_nano = 0
        for character in self._scenario.cast:
            if spent_nano + dearest_nano > self._purse_nano:
                return self._filled(lines, spent_nano, "purse")
            request = asking(
                self._scenario,
                character,
                revision,
                session=session,
                user=user,
                templates=templates,
            )
            made = await structured(
                optimizer, request, Reactions, default=NO_REACTIONS, templates=templates
            )
            spent_nano += made.cost_nano
            dearest_nano = max(dearest_nano, made.cost_nano)
            if made.defaulted and not made.outcome.complete:
                return self._filled(lines, spent_nano, made.outcome.fault or "no_model")
            lines += self._add(character.id, made)
        return self._filled(lines, spent_nano, None)

    def take(self, persona: str, moment: Moment, heard: Container[str] = ()) -> str | None:
        """A line for the moment, never one that was heard before all of them were.

        `heard` holds the fingerprints of lines of this session. The line counts as said. None
        when there is none at all. Raises: KeyError for an unknown character.
        """
        line = self._fresh(persona, moment, heard) or self._again(persona, moment)
        if line is not None:
            self.mark(persona, line)
        return line

    def line(self, request: Request) -> str | None:
        """A DeckLine: one that was written for the request's moment and not heard yet."""
        if request.moment is None or request.persona is None:
            return None
        moment = Moment(request.moment)
        line = self._unheard(request.persona, self._written[request.persona, moment], ())
        if line is not None:
            self.mark(request.persona, line)
            self.avoided += request.task is TaskType.AGENT_REACTION
        return line

    def mark(self, persona: str, text: str) -> None:
        """The character said this, from here or from elsewhere."""
        self._said[persona].append(fingerprint(text))

    def _fresh(self, persona: str, moment: Moment, heard: Container[str]) -> str | None:
        line = self._unheard(persona, self._written[persona, moment], heard)
        return line or self._unheard(persona, self._authored(persona, moment), heard)

    def _unheard(self, persona: str, lines: Iterable[str], heard: Container[str]) -> str | None:
        said = self._said[persona]
        for line in lines:
            key = fingerprint(line)
            if key not in said and key not in heard:
                return line
        return None

    def _again(self, persona: str, moment: Moment) -> str | None:
        """The line said longest ago, never the character's last words if there are others."""
        said = self._said[persona]
        lines = [*self._written[persona, moment], *self._authored(persona, moment)]
        others = [line for line in lines if said[-1:] != [fingerprint(line)]] or lines
        return min(others, key=lambda line: _last(said, fingerprint(line)), default=None)

    def _authored(self, persona: str, moment: Moment) -> tuple[str, ...]:
        reactions = self._scenario.character(persona).understudy.reactions
        return reactions if moment in _LISTENING else ()

    def _add(self, persona: str, made: Structured[Reactions]) -> int:
        """Keeps what can be spoken, shuffled so that sessions differ; how many were kept."""
        known = {fingerprint(line) for moment in Moment for line in self._authored(persona, moment)}
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


def _last(said: list[str], key: str) -> int:
    return max((at for at, one in enumerate(said) if one == key), default=-1)
