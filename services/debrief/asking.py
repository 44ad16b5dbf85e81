"""What a model is asked about a session: the request, within bounds whatever the session's length.

Owns what of a long transcript is shown. What does not fit is left to rules, never left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.fields import Language
from scenarios.schema import Scenario
from services.core.money import nano
from services.debrief.analysis import MemoryAnalysis, Turn
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.quoting import Quoted, join_quoted, quote, quote_said
from services.llm.prompts.templates import Template
from services.llm.request import Complexity, Request, TaskType

TRANSCRIPT_CHARS = 36_000
"""What is shown of a session at once: about an hour of speech, 12,000 tokens."""
TURN_CHARS = 1500
ANSWER_TOKENS = 2000
WHOLE_S = 20.0
"""Nobody waits to hear it; a person waits to read it."""

_EARLIER_CHARS = 8000
_EARLIER_ITEM_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The session that is analysed, and who pays. `revision` names the scenario's version.

    `roster` are the ids and names of all who may have spoken; nothing private is in it.
    """

    session: str
    user: str | None
    language: Language
    scenario: str
    revision: str
    title: str
    role: str
    roster: tuple[tuple[str, str], ...]
    limit_nano: int | None = None

    @classmethod
    def of(
        cls, scenario: Scenario, *, session: str, user: str | None = None, revision: str = ""
    ) -> "About":
        """The session of that scene."""
        return cls(
            session=session,
            user=user,
            language=scenario.language,
            scenario=scenario.id,
            revision=revision,
            title=scenario.title,
            role=scenario.learner.role,
            roster=tuple((one.id, one.name) for one in scenario.cast),
            limit_nano=nano(scenario.limits.cost_usd),
        )

    def people(self, turns: Sequence[Turn]) -> dict[str, str]:
        """Names by id: the cast, and whoever spoke."""
        return dict(self.roster) | {one.speaker: one.name or one.speaker for one in turns}


def first_shown(turns: Sequence[Turn], start: int) -> int:
    """How many turns go before those that fit into one question; at least `start`."""
    chars, first = TRANSCRIPT_CHARS, len(turns)
    while first > start:
        chars -= min(len(turns[first - 1].text), TURN_CHARS) + 40
        if chars < 0 and first < len(turns):
            break
        first -= 1
    return first


def request_for(
    about: About, turns: Sequence[Turn], *, start: int, earlier: MemoryAnalysis, template: Template
) -> Request:
    """The question about the turns after the first `start`, on top of what is known of those."""
    names = about.people(turns)
    blocks = template.render(
        title=about.title,
        role=about.role,
        roster="\n".join(f"{id}: {quote(name, 60)}" for id, name in sorted(names.items())),
        earlier=_earlier(earlier),
        transcript=_transcript(turns, start, template),
    )
    return Request(
        task=TaskType.ANALYSIS,
        messages=compile_prompt(blocks),
        max_tokens=ANSWER_TOKENS,
        temperature=0.2,
        deadline_s=WHOLE_S,
        complexity=Complexity.SIMPLE,
        use_cache=False,
        session=about.session,
        session_limit_nano=about.limit_nano,
        user=about.user,
        scenario=about.scenario,
        language=about.language,
        revision=about.revision,
        template=template.ref,
    )


def _transcript(turns: Sequence[Turn], start: int, template: Template) -> Quoted:
    """`12 [roche] words` a line, whatever the words contain."""
    lines = []
    for number, turn in enumerate(turns, start=1):
        if number > start:
            note = template.words["cut"] if turn.cut else ""
            said = quote_said(turn.speaker, turn.text, limit=TURN_CHARS, note=note)
            lines.append(Quoted(f"{number} {said}"))
    return join_quoted(lines)


def _earlier(known: MemoryAnalysis) -> Quoted:
    """The summary, then each promise and position, as lines."""
    lines = [known.summary] if known.turns else []
    lines += [f"{one.who}: {one.text}" for one in known.promises]
    lines += [f"{one.who}: {one.text}" for one in known.positions]
    kept: list[Quoted] = []
    chars = _EARLIER_CHARS
    for line in lines:
        limit = max(_EARLIER_ITEM_CHARS, len(known.summary) if not kept else 0)
        quoted = quote(line, limit)
        chars -= len(quoted) + 1
        if chars < 0:
            break
        kept.append(quoted)
    return join_quoted(one for one in kept if one)
