"""One beat's words as they come: authored text, or a model's answer cleaned for the voice.

Owns the way from a beat to words. Who speaks was decided before; how it sounds comes after.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from agents.cast.echoes import EchoGuard, is_echo, is_said_again
from agents.cast.guard import LineGuard, clean_line
from agents.manager.beats import Beat, BeatKind
from agents.roleplay.line import Aside, Line, Wanted
from agents.roleplay.moments import moment_of
from scenarios.schema import Scenario
from services.core.money import nano
from services.llm.answer import Answer
from services.llm.deck import Deck
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Source
from services.llm.prompts.store import TemplateStore
from services.llm.reactions import Moment
from services.llm.request import Request, Scope, TaskType
from services.llm.understudy import Understudy

__all__ = ["Aside", "Line", "Lines", "Wanted"]

TOKENS_PER_WORD = 2.0
"""Ceiling of tokens a French word takes with room for punctuation."""


Told = list[str]
"""What of a line was let through so far, piece by piece."""


TRIES = 4
"""So many authored lines are looked at for one that nobody just said."""


class Lines:
    """Writes lines for the cast of one scene.

    `room` is the session and `user` the person whose budgets pay; `revision` names the scenario's
    version. What the words cost is booked by the optimizer. `on_echo` is told of a line that said
    again what was said: it was left out, or others stand in its place.
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
        on_echo: Callable[[Beat], None] | None = None,
    ) -> None:
        self.on_echo = on_echo
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
        if (authored := self._of_author(wanted, [])) is not None:
            return authored
        request = self._request(wanted)
        answer = self._optimizer.stream(
            request,
            understudy=lambda: self._authored(wanted.beat, wanted.heard),
            deck=self._deck.line if self._deck is not None else None,
            fit=self._is_fit,
        )
        return self._line(wanted, request, answer, [])

    def write_round(self, wanted: Sequence[Wanted]) -> tuple[Line, ...]:
        """The words of several characters, asked for at once and each blind to the others'.

        One that fails or is slow holds up no other. The budget sets all of them aside in one step;
        if they are too dear together, each is let through, or not, by itself. What one of them says
        is not said again by another that comes later.
        """
        told: list[Told] = [[] for _ in wanted]
        wanted = [self._one_of(wanted, at, told) for at in range(len(wanted))]
        lines = [self._of_author(one, own) for one, own in zip(wanted, told, strict=True)]
        asked = [at for at, line in enumerate(lines) if line is None]
        requests = [self._request(wanted[at]) for at in asked]
        beats = {request.persona: wanted[at] for request, at in zip(requests, asked, strict=True)}

        def understudy(request: Request) -> str:
            one = beats[request.persona]
            return self._authored(one.beat, one.heard)

        answers = self._optimizer.stream_round(requests, understudy=understudy, fit=self._is_fit)
        for at, request, answer in zip(asked, requests, answers, strict=True):
            lines[at] = self._line(wanted[at], request, answer, told[at])
        return tuple(line for line in lines if line is not None)

    def reaction(self, persona: str, moment: Moment) -> Aside:
        """What a listener lets fall: of the deck, or the author's, never its last one again."""
        text = self._deck.drawn(persona, moment) if self._deck is not None else None
        if text is not None:
            self._understudy.mark(persona, text)
        else:
            text = self._understudy.line(persona, kind="reaction", phase="")
        return Aside(persona=persona, text=text, moment=moment)

    def unsaid(self, persona: str) -> tuple[str, ...]:
        """What the character may let fall as a listener: the author's, then the deck's."""
        authored = self._scenario.character(persona).understudy.reactions
        return (*authored, *(self._deck.unsaid(persona) if self._deck is not None else ()))

    def _one_of(self, wanted: Sequence[Wanted], at: int, told: Sequence[Told]) -> Wanted:
        """A round's line, told what the others say as far as they have come.

        It may wait for its own end where it comes after another: in the author's order, or because
        that one has begun.
        """
        own = wanted[at]
        phase = next(one for one in self._scenario.phases if one.id == own.beat.phase)
        in_order = phase.order != "first_ready"
        others = [one for n, one in enumerate(told) if n != at]

        def said() -> Sequence[str]:
            return (*own.said(), *("".join(one) for one in others if one))

        def patient() -> bool:
            return at > 0 if in_order else any(others)

        return replace(own, said=said, patient=patient)

    def _is_fit(self, request: Request, text: str) -> bool:
        """Whether others may hear it: the guard had nothing to take out of it."""
        persona = request.persona or ""
        return clean_line(text, persona, self._scenario).split() == text.split()

    def _of_author(self, wanted: Wanted, told: Told) -> Line | None:
        """The line that needs no model, or None."""
        beat = wanted.beat
        if beat.say is None and not wanted.free:
            return None
        text = beat.say
        if text is None:
            text = self._authored(beat, wanted.heard)
        else:
            self._understudy.mark(beat.persona, text)
        told.append(f"{beat.lead_in} {text}".lstrip())
        return Line(beat, _once(told[0]), lambda: Source.UNDERSTUDY)

    def _line(self, wanted: Wanted, request: Request, answer: Answer, told: Told) -> Line:
        """The answer as the guards let it through, or other words when nothing is left."""
        beat, language = wanted.beat, self._scenario.language
        guard = LineGuard(beat.persona, self._scenario, person=wanted.person)
        echoes = EchoGuard(wanted.said, language, ever=wanted.ever, patient=wanted.patient)
        instead: Source | None = None

        async def words() -> AsyncIterator[str]:
            nonlocal instead
            if beat.lead_in:
                yield f"{beat.lead_in} "
            try:
                async for piece in answer:
                    if cleaned := echoes.feed(guard.feed(piece)):
                        told.append(cleaned)
                        yield cleaned
                    if guard.done or echoes.echoed:
                        break
                if rest := echoes.feed(guard.flush()) + echoes.flush():
                    told.append(rest)
                    yield rest
                if not told:
                    text, instead = self._instead(wanted, echoed=echoes.echoed)
                    told.append(text)
                    yield text
            finally:
                await answer.aclose()
                if answer.outcome is not None:
                    fits = echoes.echoed or not (instead or guard.dropped)
                    self._optimizer.judged(request, answer.outcome, fits=fits)
                if self.on_echo is not None and (echoes.echoed or echoes.dropped):
                    self.on_echo(beat)

        def source() -> Source:
            if instead is not None:
                return instead
            return answer.outcome.source if answer.outcome is not None else Source.LIVE

        return Line(beat, words(), source, answer)

    def _instead(self, wanted: Wanted, *, echoed: bool) -> tuple[str, Source]:
        """Words in place of a model's: a short nod of one who would say the same, or the author's.

        Of those, one that is no echo in turn, unless the next few all are.
        """
        beat = wanted.beat
        if echoed and beat.kind is BeatKind.FOLLOW_UP:
            line = self._deck.drawn(beat.persona, Moment.AGREE) if self._deck is not None else None
            if line is not None:
                return line, Source.DECK
        for _ in range(TRIES):
            text = self._authored(beat, wanted.heard)
            if not (echoed and self._is_echo(text, wanted)):
                break
        return text, Source.UNDERSTUDY

    def _is_echo(self, text: str, wanted: Wanted) -> bool:
        language = self._scenario.language
        return is_said_again(text, wanted.ever(), language) or is_echo(
            text, wanted.said(), language
        )

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
