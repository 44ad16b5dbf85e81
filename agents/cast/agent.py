"""A base for agents that others bring: the optimizer's calls, the house's templates, and a count.

Owns nothing of a scene: whoever derives from it decides what an agent says and when.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from services.llm.door import WHOLE_S, AnyMessage, request_of
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome, Source
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.request import Complexity, Language, Message, TaskType


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStats:
    """What an agent's calls came to. Money is nano-USD, time seconds over all calls.

    `sources` counts the calls by what served them (`live`, `cached`, `fallback`, `understudy`),
    `faults` by the first thing that went wrong.
    """

    calls: int = 0
    cost_nano: int = 0
    saved_nano: int = 0
    total_s: float = 0.0
    sources: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    faults: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def hit_rate(self) -> float:
        """Share of the calls that a cache served, 0 to 1; 0 before the first call."""
        return self.sources.get(Source.CACHED, 0) / self.calls if self.calls else 0.0

    @property
    def average_s(self) -> float:
        """Seconds that a call took on average; 0 before the first one."""
        return self.total_s / self.calls if self.calls else 0.0

    def with_call(self, outcome: Outcome) -> "AgentStats":
        """The same with one more call."""
        sources, faults = Counter(self.sources), Counter(self.faults)
        sources[str(outcome.source)] += 1
        if outcome.fault is not None:
            faults[outcome.fault] += 1
        return AgentStats(
            calls=self.calls + 1,
            cost_nano=self.cost_nano + outcome.cost_nano,
            saved_nano=self.saved_nano + outcome.saved_nano,
            total_s=self.total_s + outcome.latency.total_s,
            sources=MappingProxyType(sources),
            faults=MappingProxyType(faults),
        )


class EnhancedBaseAgent:
    """One agent: derive from it, and call `call_llm` wherever words are needed.

    `session` and `user` are whose budgets pay and whose cached answers it may be served; words that
    a person said never leave them. A session is never served what it has heard before: leave it
    out where an agent may repeat itself. `last` is the outcome of the latest call: what served it,
    which model, what it cost, what went wrong.
    """

    def __init__(
        self,
        name: str,
        optimizer: LLMOptimizer,
        *,
        language: Language = "en",
        templates: TemplateStore | None = None,
        session: str | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.language = language
        self.last: Outcome | None = None
        self._optimizer = optimizer
        self._templates = templates or shipped()
        self._session = session
        self._user = user
        self._stats = AgentStats()

    @property
    def stats(self) -> AgentStats:
        """What this agent's calls came to so far."""
        return self._stats

    async def call_llm(
        self,
        messages: Sequence[AnyMessage],
        use_cache: bool = True,
        *,
        task_type: TaskType | str = TaskType.CONVERSATION,
        complexity: Complexity | str | None = None,
        understudy: Callable[[], str] = str,
        deadline_s: float = WHOLE_S,
        **more: Any,
    ) -> str:
        """The whole answer to the messages, as text; `understudy`'s when no model gives one.

        `more` are other fields of Request (`max_tokens`, `temperature`, `schema`).

        Raises:
            ValueError: an unknown task, complexity or role, or a message without content.
            TypeError: Request has no such field.
        """
        owner = {"session": self._session, "user": self._user, "persona": self.name}
        request = request_of(
            messages,
            task_type,
            complexity,
            use_cache=use_cache,
            deadline_s=deadline_s,
            **{"language": self.language, **owner, **more},
        )
        self.last = await self._optimizer.respond(request, understudy=understudy)
        self._stats = self._stats.with_call(self.last)
        return self.last.text

    def render_template(self, name: str, **values: str) -> tuple[Message, ...]:
        """The messages of that template in the agent's language, ready for `call_llm`.

        What others wrote is quoted where the template says so, and never read as instructions.

        Raises:
            TemplateError: no such template, or a variable that is missing or not its own.
        """
        return compile_prompt(self._templates.get(name, self.language).render(**values))
