"""A debate without a room: the manager's plans, played in text.

Owns how a subject, an order of speakers and a number of rounds become a scene of phases: in the
first all speak at once and blind to each other, in the later ones each has heard the others, and
the last of the order sums up.
"""

import asyncio
import tomllib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

from agents.cast.echoes import EchoGuard
from agents.cast.guard import clean_line
from agents.cast.prompts import SAID_CHARS, compose
from agents.cast.recall import outgrown
from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.roleplay.prompting import RECENT_LINES
from agents.roleplay.remembering import Remembering
from scenarios.fields import Language
from scenarios.schema import Limits, Moderation, Phase, Scenario, Turns
from services.core.money import nano
from services.llm.faults import fault_label
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome, Source
from services.llm.prompts.quoting import Quoted, join_quoted, quote_said
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.request import Complexity, Request, TaskType
from services.llm.understudy import Understudy

LINE_WORDS = 60
SYNTHESIS_WORDS = 90
TOKENS_PER_WORD = 2.0
LINE_S = 20.0
"""How long one line may take to begin; then the author's stands in for it."""

FIRST, LATER, SYNTHESIS = "first", "later", "synthesis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One line of a debate. `round` counts from 1; None is the synthesis.

    `fault` is a word of `services.llm.faults` for why no model wrote it, or `unfit`, or `echo` for
    one that said what was just said, where one was to; `source` then is `understudy` and the text
    the author's. `cost_nano` is nano-USD.
    """

    round: int | None
    agent: str
    name: str
    text: str
    source: Source
    fault: str | None = None
    cost_nano: int = 0


class Debate:
    """One debate on one subject. `spoken` is iterated once."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        order: Sequence[str],
        rounds: int,
        topic: str,
        optimizer: LLMOptimizer,
        templates: TemplateStore | None = None,
        session: str,
        user: str | None = None,
    ) -> None:
        """`scenario` lends its cast: `order` are ids of it, each once; `rounds` is 1 or more."""
        self._scene = _scene(scenario, tuple(order), rounds)
        self._topic = topic
        self._optimizer = optimizer
        self._templates = templates or shipped()
        self._session = session
        self._user = user
        self._manager = MultiAgentManager(self._scene, rng=Random(session))
        self._understudy = Understudy(self._scene, rng=Random(session))
        self._told: list[str] = []
        self._remembering = Remembering(
            self._scene, self._manager, room=session, templates=self._templates
        )

    async def spoken(self) -> AsyncGenerator[Spoken, None]:
        """The lines as they are ready: in the first round whoever is ready first, then in order.

        A line that fails is the author's, and tells why; the debate goes on.
        """
        plan = self._manager.begin(0.0)
        self._manager.commit(plan, words=self._topic, now_s=0.0)
        async with aclosing(self._together(plan)) as lines:
            async for line in lines:
                yield line
        for phase in self._scene.phases[1:]:
            plan = self._manager.skip(0.0)
            self._manager.commit(plan, words=None, now_s=0.0)
            for beat in plan.beats:
                outcome = await self._optimizer.respond(
                    self._request(beat), understudy=partial(self._authored, beat)
                )
                number = None if phase.id == SYNTHESIS else self._scene.phases.index(phase) + 1
                line = self._line(beat, outcome, number)
                self._manager.performed(beat, line.text, False, 0.0)
                yield line

    async def _together(self, plan: Plan) -> AsyncGenerator[Spoken, None]:
        """The first round: asked at once, as one batch of the budget, and blind to each other."""
        beats = {self._request(beat): beat for beat in plan.beats}
        answers = self._optimizer.stream_round(
            list(beats), understudy=lambda request: self._authored(beats[request])
        )
        lines: dict[str, Spoken] = {}

        async def whole(beat: Beat, answer: Any) -> Spoken:
            async for _ in answer:
                pass
            return self._line(beat, answer.outcome, 1)

        writing = [
            asyncio.create_task(whole(beat, answer))
            for beat, answer in zip(beats.values(), answers, strict=True)
        ]
        try:
            for ready in asyncio.as_completed(writing):
                line = await ready
                lines[line.agent] = line
                yield line
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
            await asyncio.gather(*(answer.aclose() for answer in answers))
        for beat in plan.beats:
            self._manager.performed(beat, lines[beat.persona].text, False, 0.0)

    def _line(self, beat: Beat, outcome: Outcome, number: int | None) -> Spoken:
        text = clean_line(outcome.text, beat.persona, self._scene)
        source, fault, unfit = outcome.source, None, "unfit"
        if text and number is not None:
            text, unfit = self._unsaid(text), "echo"
        if not text:
            text, source = self._authored(beat), Source.UNDERSTUDY
        if source is Source.UNDERSTUDY and self._optimizer.has_model:
            fault = fault_label(outcome.fault) if outcome.fault else unfit
        self._told.append(text)
        return Spoken(
            round=number,
            agent=beat.persona,
            name=self._scene.character(beat.persona).name,
            text=text,
            source=source,
            fault=fault,
            cost_nano=outcome.cost_nano,
        )

    def _unsaid(self, text: str) -> str:
        """What of the text does not say again what was just said."""
        echoes = EchoGuard(lambda: self._told[-RECENT_LINES:], self._scene.language)
        return (echoes.feed(text) + echoes.flush()).strip()

    def _request(self, beat: Beat) -> Request:
        words = SYNTHESIS_WORDS if beat.phase == SYNTHESIS else LINE_WORDS
        kind = beat.phase if beat.phase in {FIRST, SYNTHESIS} else LATER
        cue = _texts(self._scene.language)["cues"][kind]
        asked = replace(beat, cue=cue, max_words=words, kind=BeatKind.ANSWER)
        prompt = compose(
            beat.persona,
            scenario=self._scene,
            memory=self._manager.memory,
            scene=self._manager.scene,
            beat=asked,
            templates=self._templates,
            recalled=self._recalled(beat.persona),
        )
        return Request(
            task=TaskType.AGENT_RESPONSE,
            messages=prompt.messages,
            max_tokens=int(words * TOKENS_PER_WORD),
            deadline_s=LINE_S,
            complexity=Complexity.COMPLEX if beat.phase == SYNTHESIS else Complexity.SIMPLE,
            session=self._session,
            session_limit_nano=nano(self._scene.limits.cost_usd),
            user=self._user,
            scenario=self._scene.id,
            persona=beat.persona,
            language=self._scene.language,
            template=prompt.template,
        )

    def _recalled(self, persona: str) -> str:
        """The subject and what was held, once the conversation no longer goes back so far."""
        gone = outgrown(self._manager.memory)
        if not gone:
            return ""
        person = self._templates.get("memory", self._scene.language).words["person"]
        subject = quote_said(person, gone[0].text, limit=SAID_CHARS)
        return join_quoted((subject, Quoted(self._remembering.recalled(persona))))

    def _authored(self, beat: Beat) -> str:
        kind = BeatKind.CLOSING if beat.phase == SYNTHESIS else beat.kind
        return self._understudy.line(
            beat.persona, kind=kind.line, phase=beat.phase, heard=self._topic
        )


def _scene(scenario: Scenario, order: tuple[str, ...], rounds: int) -> Scenario:
    """The cast of that scene, in that order, with a phase for each round and for the synthesis."""
    texts = _texts(scenario.language)
    ids = (FIRST, *(f"{LATER}-{n}" for n in range(2, rounds + 1)))
    phases = [
        Phase(
            id=id,
            goal=texts[FIRST if id == FIRST else LATER],
            lead=order[0],
            speakers=order,
            opening="parallel",
            turns=Turns(max=200),
        )
        for id in ids
    ]
    last = order[-1]
    phases.append(Phase(id=SYNTHESIS, goal=texts[SYNTHESIS], lead=last, speakers=(last,)))
    return scenario.model_copy(
        update={
            "title": texts["title"],
            "summary": texts["summary"],
            "learner": scenario.learner.model_copy(update={"role": texts["role"], "brief": None}),
            "cast": tuple(scenario.character(one) for one in order),
            "knowledge": (),
            "phases": tuple(phases),
            "events": (),
            "points": (),
            "moderation": Moderation(),
            "limits": Limits(duration_s=7200, turns=400, cost_usd=scenario.limits.cost_usd),
            "tests": (),
        }
    )


@cache
def _texts(language: Language) -> dict[str, Any]:
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        texts: dict[str, Any] = tomllib.load(file)[language]
    return texts
