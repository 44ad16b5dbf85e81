"""What a model reads to play one character for one beat.

Owns who may know what: a prompt holds the character's own persona and knowledge, secrets and news
that an event brought to it, documents that lie in the room, and what the character itself heard.
An unreleased secret stands in nobody's prompt, so no wording of a question can bring it out. The
wording is the templates'.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agents.cast.moment import LEARNER, BeatView, Said, SceneView, window
from agents.cast.presence import heard_by, in_room
from scenarios.happenings import Event
from scenarios.schema import Character, Scenario
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.quoting import Quoted, join_quoted, quote, quote_list, quote_said
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.prompts.templates import Template
from services.llm.request import Message

LineTemplate = Literal["persona_answer", "opening", "closing", "escalation", "reaction"]

SAID_CHARS = 1500
NAME_CHARS = 60
KNOWLEDGE_CHARS = 4000
DOCUMENT_CHARS = 4000
GIST_CHARS = 300
MANNER_LINES = 3
WINDOW_STEP = 8
"""The window moves on by so many lines at once: in between, a prompt only grows at its end."""

_SENTENCE_END = re.compile(r"[.!?…](?=\s)")
_TEMPLATES: dict[str, LineTemplate] = {"opening": "opening", "closing": "closing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is sent, and the template that it came from (`persona_answer.fr@2`)."""

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
    recalled: str = "",
    manner: str = "",
) -> Prompt:
    """The prompt for that character's line: the rules and the session, then the turn.

    `memory` is what was said so far, whoever heard it; of it the prompt holds what this character
    heard. `knowledge` are texts that the whole cast knows, `recalled` what this character heard
    before the window of the conversation, `manner` how it feels. Without a `template` the beat's
    kind decides which one; a version that lacks a variable goes without it.
    """
    name = template or _TEMPLATES.get(beat.kind, "persona_answer")
    chosen = (templates or shipped()).get(name, scenario.language)
    character = scenario.character(persona)
    values = {
        **_session(character, scenario, knowledge),
        "others": _others(character, scenario, scene, beat.phase),
        "conversation": _conversation(heard_by(persona, memory, scenario, scene), chosen),
        "recalled": recalled,
        "shown": quote_list(shown_in(scenario, scene), DOCUMENT_CHARS),
        "goal": next((one.goal for one in scenario.phases if one.id == beat.phase), ""),
        "news": _listed(news_of(persona, scenario, scene)),
        "released": _listed(released_to(persona, scenario, scene)),
        "feels": manner,
        "cue": beat.cue,
        "happened": beat.cue,
        "max_words": str(beat.max_words),
    }
    blocks = chosen.render(**{key: values[key] for key in chosen.variables})
    return Prompt(messages=compile_prompt(blocks), template=chosen.ref)


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


def news_of(persona: str, scenario: Scenario, scene: SceneView) -> tuple[str, ...]:
    """The news that the character brought or was let know, in the order it happened."""
    return tuple(
        event.news
        for event in _happened(scenario, scene)
        if event.do == "news" and event.news and persona in {event.by, *event.to}
    )


def shown_in(scenario: Scenario, scene: SceneView) -> tuple[str, ...]:
    """The documents that lie in the room, title first; who comes later can read them too."""
    return tuple(
        f"{event.document.title}: {event.document.text}"
        for event in _happened(scenario, scene)
        if event.do == "show" and event.document
    )


def _happened(scenario: Scenario, scene: SceneView) -> tuple[Event, ...]:
    by_id = {event.id: event for event in scenario.events}
    return tuple(by_id[id] for id in scene.fired if id in by_id)


def _session(character: Character, scenario: Scenario, knowledge: Sequence[str]) -> dict[str, str]:
    """What stays the same for this character in this scene."""
    manner = character.understudy.lines_for(scenario.phases[0].id)[:MANNER_LINES]
    return {
        "title": scenario.title,
        "summary": scenario.summary,
        "role": scenario.learner.role,
        "documents": quote_list(knowledge, KNOWLEDGE_CHARS // max(len(knowledge), 1)),
        "name": _titled(character),
        "persona": character.persona,
        "gist": _gist(character.persona),
        "knows": _listed(character.knows),
        "manner": _listed(manner),
    }


def _others(character: Character, scenario: Scenario, scene: SceneView, phase: str) -> str:
    """Who else is in the room, by name and title."""
    there = (scenario.character(one) for one in in_room(scenario, scene, phase=phase))
    return "; ".join(_titled(one) for one in there if one.id != character.id)


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


def _gist(persona: str) -> str:
    """The first sentences of who the character is, as a reminder that costs little each turn."""
    text = " ".join(persona.split())
    if len(text) <= GIST_CHARS:
        return text
    ends = [one.end() for one in _SENTENCE_END.finditer(text[:GIST_CHARS])]
    return text[: ends[-1]].strip() if ends else f"{text[:GIST_CHARS].rpartition(' ')[0]}…"


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
