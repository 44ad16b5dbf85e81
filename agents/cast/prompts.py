"""What a model reads to play one character for one beat.

Owns who may know what: a prompt holds the character's own persona and knowledge, secrets that an
event released to it, what everybody was told, and what was heard. An unreleased secret stands in
nobody's prompt, so no wording of a question can bring it out. The wording is the templates'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agents.cast.moment import LEARNER, BeatView, Said, SceneView, window
from scenarios.schema import Character, Scenario
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.quoting import Quoted, join_quoted, quote, quote_list, quote_said
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.prompts.templates import Template
from services.llm.request import Message

LineTemplate = Literal["persona_answer", "opening", "closing", "escalation"]

SAID_CHARS = 1500
NAME_CHARS = 60
KNOWLEDGE_CHARS = 4000
MANNER_LINES = 3
WINDOW_STEP = 8
"""The window moves on by so many lines at once: in between, a prompt only grows at its end."""

_TEMPLATES: dict[str, LineTemplate] = {"opening": "opening", "closing": "closing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is sent, and the template that it came from (`persona_answer.fr@1`)."""

    messages: tuple[Message, ...]
    template: str


def compose(
    persona: str,
    *,
    scenario: Scenario,
    memory: Sequence[Said],
    scene: SceneView,
    beat: BeatView,
    knowledge: Sequence[str] = (),
    templates: TemplateStore | None = None,
    template: LineTemplate | None = None,
) -> Prompt:
    """The prompt for that character's line: the rules and the session, then the turn.

    `memory` is what was heard so far, `knowledge` texts that the whole cast knows. Without a
    `template` the beat's kind decides which one.
    """
    name = template or _TEMPLATES.get(beat.kind, "persona_answer")
    chosen = (templates or shipped()).get(name, scenario.language)
    character = scenario.character(persona)
    blocks = chosen.render(
        **_session(character, scenario, knowledge),
        conversation=_conversation(memory, chosen),
        goal=next((one.goal for one in scenario.phases if one.id == beat.phase), ""),
        released=_listed(released_to(persona, scenario, scene)),
        cue=beat.cue,
        max_words=str(beat.max_words),
    )
    return Prompt(messages=compile_prompt(blocks), template=chosen.ref)


def prompt_for(
    persona: str,
    *,
    scenario: Scenario,
    memory: Sequence[Said],
    scene: SceneView,
    beat: BeatView,
    knowledge: Sequence[str] = (),
) -> tuple[Message, ...]:
    """The messages of `compose`."""
    prompt = compose(
        persona, scenario=scenario, memory=memory, scene=scene, beat=beat, knowledge=knowledge
    )
    return prompt.messages


def released_to(persona: str, scenario: Scenario, scene: SceneView) -> tuple[str, ...]:
    """Texts of released secrets that the character may say: its own, and those it released."""
    by_reference = {
        f"{one.id}.{secret.id}": (one.id, secret.text)
        for one in scenario.cast
        for secret in one.secrets
    }
    told = {one.secret for one in scenario.events if one.by == persona and one.id in scene.fired}
    known = (
        by_reference[reference]
        for reference in scene.released
        if reference in by_reference
        and (by_reference[reference][0] == persona or reference in told)
    )
    return tuple(text for _, text in known)


def _session(character: Character, scenario: Scenario, knowledge: Sequence[str]) -> dict[str, str]:
    """What stays the same for this character in this scene."""
    others = (_titled(one) for one in scenario.cast if one.id != character.id)
    manner = character.understudy.lines_for(scenario.phases[0].id)[:MANNER_LINES]
    return {
        "title": scenario.title,
        "summary": scenario.summary,
        "role": scenario.learner.role,
        "documents": quote_list(knowledge, KNOWLEDGE_CHARS // max(len(knowledge), 1)),
        "name": _titled(character),
        "persona": character.persona,
        "others": "; ".join(others),
        "knows": _listed(character.knows),
        "manner": _listed(manner),
    }


def _conversation(memory: Sequence[Said], template: Template) -> Quoted:
    """The transcript: `[who] words` a line, whatever the words contain."""
    person, cut = template.words["person"], template.words["cut"]
    lines: list[Quoted] = []
    for said in window(memory, step=WINDOW_STEP):
        name = quote(said.name, NAME_CHARS)
        who = ", ".join(filter(None, (person, name))) if said.speaker == LEARNER else name
        note = cut if said.cut else ""
        lines.append(quote_said(who, said.text, limit=SAID_CHARS, note=note))
    return join_quoted(lines)


def _titled(character: Character) -> str:
    return f"{character.name}, {character.title}" if character.title else character.name


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
