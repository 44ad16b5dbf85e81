"""How a model thinks that characters take a turn in which the rules saw nothing.

Owns the question, its price and its frequency. It is asked in the background of a cheap model, and
answered late or not at all: no turn waits for it, and its answer only nudges moods.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from agents.cast.moment import Said, window
from agents.manager.ports import Judge, Shift
from agents.roleplay.conversation import conversation
from scenarios.schema import Scenario
from services.core.money import nano
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.prompts.templates import Template
from services.llm.request import Complexity, Message, Request, TaskType
from services.llm.structured import Responds, structured

LIMIT_S = 6.0
"""An opinion that comes later is none."""

EVERY_TURNS = 3
MOST_ASKED = 10
"""At most every third turn of the learner, and so often a session."""

PURSE_SHARE = 0.05
"""What all opinions of a session may cost, of what the author lets the scene cost."""

HEARD_TURNS = 8
HEARD_CHARS = 2400
SAID_CHARS = 800
PERSONA_CHARS = 200

_MAX_TOKENS = 240

log = logging.getLogger(__name__)


class Weighs(Responds, Protocol):
    """What gives whole answers and knows how full the budgets are: the optimizer."""

    def is_short(self, request: Request) -> bool:
        """Whether money is short for such a call."""
        ...


class Taken(BaseModel):
    """How one character takes it, as a model is asked for it; any number is a number here."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    character: str
    trust: float
    impatience: float


class Opinion(BaseModel):
    """How several characters take it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    moods: tuple[Taken, ...]


NO_OPINION = Opinion(moods=())


class OptimizerJudge:
    """A Judge that asks the cheap tier through the optimizer.

    `room` is the session and `user` the person whose budgets pay; `revision` names the scenario's
    version.
    """

    def __init__(
        self,
        optimizer: Weighs,
        scenario: Scenario,
        *,
        room: str,
        user: str | None = None,
        revision: str = "",
        templates: TemplateStore | None = None,
    ) -> None:
        self._optimizer = optimizer
        self._scenario = scenario
        self._room = room
        self._user = user
        self._revision = revision
        self._templates = templates or shipped()
        self._purse_nano = nano(scenario.limits.cost_usd * PURSE_SHARE)

    async def judge(self, heard: Sequence[Said], personas: Sequence[str]) -> Mapping[str, Shift]:
        """Shifts by character within LIMIT_S; {} without an answer, or while money is short.

        Whoever the model speaks of; numbers beyond -1 or 1 count as those.
        """
        request = self._request(heard, personas)
        if self._optimizer.is_short(request):
            return {}
        made = await structured(
            self._optimizer,
            request,
            Opinion,
            default=NO_OPINION,
            templates=self._templates,
            limit_s=LIMIT_S,
            purse_nano=self._purse_nano,
        )
        self._purse_nano -= made.cost_nano
        return {
            one.character: Shift(trust=_unit(one.trust), impatience=_unit(one.impatience))
            for one in made.value.moods
        }

    def _request(self, heard: Sequence[Said], personas: Sequence[str]) -> Request:
        scenario = self._scenario
        template = self._templates.get("mood", scenario.language)
        return Request(
            task=TaskType.ANALYSIS,
            messages=self._messages(template, heard, personas),
            max_tokens=_MAX_TOKENS,
            temperature=0.0,
            deadline_s=LIMIT_S,
            complexity=Complexity.SIMPLE,
            use_cache=False,
            session=self._room,
            session_limit_nano=nano(scenario.limits.cost_usd),
            user=self._user,
            scenario=scenario.id,
            language=scenario.language,
            revision=self._revision,
            template=template.ref,
        )

    def _messages(
        self, template: Template, heard: Sequence[Said], personas: Sequence[str]
    ) -> tuple[Message, ...]:
        scenario = self._scenario
        roster = (
            f"{one.id}: {', '.join(filter(None, (one.name, one.title)))}. "
            f"{one.persona[:PERSONA_CHARS]}"
            for one in scenario.cast
        )
        latest = window(heard, turns=HEARD_TURNS, chars=HEARD_CHARS)
        blocks = template.render(
            title=scenario.title,
            role=scenario.learner.role,
            roster="\n".join(roster),
            conversation=conversation(latest, template, said_chars=SAID_CHARS),
            characters=", ".join(personas),
        )
        return compile_prompt(blocks)


class Judging:
    """Asks a Judge now and then, one question at a time, and hands its shifts on when they come.

    `apply` is called from the loop. Of the questions `asked` some were `used`, and some `failed`:
    nothing of use came. `ignored` are opinions of somebody it was not asked about. `told` hears of
    each at once.
    """

    def __init__(
        self,
        judge: Judge | None,
        *,
        apply: Callable[[Mapping[str, Shift]], None],
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._told = told
        self._judge = judge
        self._apply = apply
        self._last_turn: int | None = None
        self._asking: asyncio.Task[None] | None = None

    def consider(self, turn: int, heard: Sequence[Said], personas: Sequence[str]) -> bool:
        """Asks about these characters, if it is time to; returns at once whether it did.

        `turn` counts the learner's turns, `heard` ends with the one in question. Needs a running
        loop.
        """
        if self._judge is None or not personas or not self._is_time(turn):
            return False
        self._count("asked")
        self._last_turn = turn
        self._asking = asyncio.create_task(
            self._ask(self._judge, tuple(heard), tuple(personas)), name="judging"
        )
        return True

    async def aclose(self) -> None:
        """Ends a question that is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def _is_time(self, turn: int) -> bool:
        free = self._asking is None or self._asking.done()
        rested = self._last_turn is None or turn - self._last_turn >= EVERY_TURNS
        return free and rested and self.counts["asked"] < MOST_ASKED

    async def _ask(self, judge: Judge, heard: Sequence[Said], personas: Sequence[str]) -> None:
        try:
            opinions = await judge.judge(heard, personas)
            shifts = {one: shift for one, shift in opinions.items() if one in personas}
            for _ in range(len(opinions) - len(shifts)):
                self._count("ignored")
            if shifts:
                self._apply(shifts)
            self._count("used" if shifts else "failed")
        except Exception:
            self._count("failed")
            log.exception("mood.not_judged")

    def _count(self, outcome: str) -> None:
        self.counts[outcome] += 1
        self._told(outcome)


def _unit(value: float) -> float:
    return min(1.0, max(-1.0, value))
