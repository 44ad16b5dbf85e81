"""One beat's words as they come: authored text, or a model's answer cleaned for the voice.

Owns the way from a beat to words. Who speaks was decided before; how it sounds comes after.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from agents.cast.guard import LineGuard, clean_line
from agents.cast.prompts import Prompt
from agents.manager.beats import Beat, BeatKind
from agents.roleplay.moments import moment_of
from scenarios.schema import Scenario
from services.core.money import nano
from services.llm.answer import Answer
from services.llm.deck import Deck
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Source
from services.llm.prompts.store import TemplateStore
from services.llm.request import Request, Scope, TaskType
from services.llm.understudy import Understudy

TOKENS_PER_WORD = 2.0
"""Ceiling of tokens a French word takes with room for punctuation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What a listener lets fall: never a turn, and nobody waits for it."""

    persona: str
    text: str


class Line:
    """The words of one beat, iterated once. They are asked for when the line is made."""

    def __init__(
        self,
        beat: Beat,
        words: AsyncIterator[str],
        source: Callable[[], Source],
        answer: Answer | None = None,
    ) -> None:
        self.beat = beat
        self._words = words
        self._source = source
        self._answer = answer

    @property
    def source(self) -> Source:
        """What serves it; certain once the last word has come."""
        return self._source()

    def __aiter__(self) -> AsyncIterator[str]:
        return self._words

    async def aclose(self) -> None:
        """Ends the vendor's stream, also when nobody began to read."""
        if self._answer is not None:
            await self._answer.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A line to be written.

    `heard` is what the learner just said, for the authored answers. `free` takes the author's
    words, because nobody is there to pay for. `private` unless the prompt holds nothing that a
    person said: then other sessions of the scene may share the answer.
    """

    beat: Beat
    prompt: Callable[[], Prompt]
    heard: str = ""
    free: bool = False
    private: bool = True


class Lines:
    """Writes lines for the cast of one scene.

    `room` is the session and `user` the person whose budgets pay; `revision` names the scenario's
    version. What the words cost is booked by the optimizer.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        optimizer: LLMOptimizer,
        understudy: Understudy,
        room: str,
        user: str | None = None,
        revision: str = "",
        deck: Deck | None = None,
        templates: TemplateStore | None = None,
    ) -> None:
        self._scenario = scenario
        self._optimizer = optimizer
        self._understudy = understudy
        self._room = room
        self._user = user
        self._revision = revision
        self._deck = deck
        self._templates = templates

    async def prepare(self) -> None:
        """Writes what may be needed later; takes a while, and is asked for when nobody waits."""
        if self._deck is not None and self._optimizer.has_model:
            await self._deck.fill(
                self._optimizer,
                revision=self._revision,
                session=self._room,
                user=self._user,
                templates=self._templates,
            )

    def write(self, wanted: Wanted) -> Line:
        """The beat's words, asked for at once."""
        if (authored := self._of_author(wanted)) is not None:
            return authored
        request = self._request(wanted)
        answer = self._optimizer.stream(
            request,
            understudy=lambda: self._authored(wanted.beat, wanted.heard),
            deck=self._deck.line if self._deck is not None else None,
            fit=self._is_fit,
        )
        return self._line(wanted, request, answer)

    def write_round(self, wanted: Sequence[Wanted]) -> tuple[Line, ...]:
        """The words of several characters, asked for at once and each blind to the others'.

        One that fails or is slow holds up no other. The budget sets all of them aside in one step;
        if they are too dear together, each is let through, or not, by itself.
        """
        lines = [self._of_author(one) for one in wanted]
        asked = [one for one, line in zip(wanted, lines, strict=True) if line is None]
        requests = [self._request(one) for one in asked]
        beats = {request.persona: one for request, one in zip(requests, asked, strict=True)}

        def understudy(request: Request) -> str:
            one = beats[request.persona]
            return self._authored(one.beat, one.heard)

        answers = self._optimizer.stream_round(requests, understudy=understudy, fit=self._is_fit)
        written = zip(asked, requests, answers, strict=True)
        return tuple(line or self._line(*next(written)) for line in lines)

    def _is_fit(self, request: Request, text: str) -> bool:
        """Whether others may hear it: the guard had nothing to take out of it."""
        persona = request.persona or ""
        return clean_line(text, persona, self._scenario).split() == text.split()

    def _of_author(self, wanted: Wanted) -> Line | None:
        """The line that needs no model, or None."""
        beat = wanted.beat
        if beat.say is not None:
            self._understudy.mark(beat.persona, beat.say)
            return Line(beat, _once(beat.say), lambda: Source.UNDERSTUDY)
        if wanted.free:
            authored = self._authored(beat, wanted.heard)
            return Line(beat, _once(authored), lambda: Source.UNDERSTUDY)
        return None

    def _line(self, wanted: Wanted, request: Request, answer: Answer) -> Line:
        """The answer as the guard lets it through, or the author's line when nothing is left."""
        beat = wanted.beat
        guard = LineGuard(beat.persona, self._scenario)
        replaced = False

        async def words() -> AsyncIterator[str]:
            nonlocal replaced
            said = False
            try:
                async for piece in answer:
                    if cleaned := guard.feed(piece):
                        said = True
                        yield cleaned
                    if guard.done:
                        break
                if rest := guard.flush():
                    yield rest
                elif not said:
                    replaced = True
                    yield self._authored(beat, wanted.heard)
            finally:
                await answer.aclose()
                if answer.outcome is not None:
                    fits = not (replaced or guard.dropped)
                    self._optimizer.judged(request, answer.outcome, fits=fits)

        def source() -> Source:
            if replaced:
                return Source.UNDERSTUDY
            return answer.outcome.source if answer.outcome is not None else Source.LIVE

        return Line(beat, words(), source, answer)

    def _request(self, wanted: Wanted) -> Request:
        """The call for a beat: lines of a cast are short, so the cheap tier writes all of them."""
        beat, prompt = wanted.beat, wanted.prompt()
        reacts = beat.kind is BeatKind.FOLLOW_UP
        return Request(
            task=TaskType.AGENT_REACTION if reacts else TaskType.AGENT_RESPONSE,
            messages=prompt.messages,
            max_tokens=int(beat.max_words * TOKENS_PER_WORD),
            spoken=True,
            scope=None if wanted.private else Scope.SCENARIO,
            session=self._room,
            session_limit_nano=nano(self._scenario.limits.cost_usd),
            user=self._user,
            scenario=self._scenario.id,
            persona=beat.persona,
            language=self._scenario.language,
            revision=self._revision,
            template=prompt.template,
            moment=moment_of(beat, self._scenario.character(beat.persona).temper),
        )

    def _authored(self, beat: Beat, heard: str) -> str:
        return self._understudy.line(
            beat.persona,
            kind=beat.kind.line,
            phase=beat.phase,
            heard=heard,
        )


async def _once(text: str) -> AsyncIterator[str]:
    yield text
