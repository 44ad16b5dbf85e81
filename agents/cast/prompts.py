"""What a model reads to play one character for one beat.

Owns who may know what: a prompt holds the character's own persona and knowledge, secrets that an
event released to it, what everybody was told, and what was heard. An unreleased secret stands in
nobody's prompt, so no wording of a question can bring it out. Order: what is the same for all
scenes, for the session, for the turn.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from agents.cast.moment import LEARNER, BeatView, Said, SceneView, window
from agents.cast.quoting import quote
from scenarios.schema import Character, Language, Scenario
from services.llm.request import Message

LINE_WORDS = 45
SAID_CHARS = 1500
KNOWLEDGE_CHARS = 4000
MANNER_LINES = 3


def prompt_for(
    persona: str,
    *,
    scenario: Scenario,
    memory: Sequence[Said],
    scene: SceneView,
    beat: BeatView,
    knowledge: Sequence[str] = (),
) -> tuple[Message, ...]:
    """The messages for that character's line: the rules and the session, then the turn.

    `memory` is what was heard so far, `knowledge` texts that the whole cast knows.
    """
    character, texts = scenario.character(persona), _texts(scenario.language)
    system = "\n\n".join((texts["rules"].strip(), *_session(character, scenario, knowledge)))
    turn = "\n\n".join(_turn(character, scenario, memory, scene, beat))
    return (
        Message(role="system", content=system.replace("{max_words}", str(LINE_WORDS))),
        Message(role="user", content=turn),
    )


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


def _session(character: Character, scenario: Scenario, knowledge: Sequence[str]) -> list[str]:
    texts = _texts(scenario.language)
    title = f", {character.title}" if character.title else ""
    others = "; ".join(
        f"{one.name}, {one.title}" if one.title else one.name
        for one in scenario.cast
        if one.id != character.id
    )
    manner = character.understudy.lines_for(scenario.phases[0].id)[:MANNER_LINES]
    return [
        _fill(texts["scene"], title=scenario.title, summary=scenario.summary),
        _fill(texts["learner"], role=scenario.learner.role),
        _fill(texts["you"], name=character.name, title=title, persona=character.persona),
        _fill(texts["others"], others=others) if others else texts["alone"],
        *_listed(texts["knows"], character.knows),
        *_listed(texts["manner"], manner),
        *_documents(texts["documents"], knowledge),
    ]


def _turn(
    character: Character,
    scenario: Scenario,
    memory: Sequence[Said],
    scene: SceneView,
    beat: BeatView,
) -> list[str]:
    texts = _texts(scenario.language)
    goal = next((one.goal for one in scenario.phases if one.id == beat.phase), "")
    heard = "\n".join(_heard(said, scenario) for said in window(memory))
    return [
        *([f"{texts['heard']}\n<conversation>\n{heard}\n</conversation>"] if heard else []),
        *([] if heard else [texts["silence"]]),
        _fill(texts["phase"], goal=goal),
        *_listed(texts["released"], released_to(character.id, scenario, scene)),
        _fill(texts["cue"], cue=beat.cue, max_words=str(beat.max_words)).strip(),
    ]


def _heard(said: Said, scenario: Scenario) -> str:
    """One line of the transcript: `[who] words`, whatever the words contain."""
    texts = _texts(scenario.language)
    who = quote(said.name, 60)
    if said.speaker == LEARNER:
        who = f"{texts['person']}, {who}" if who else texts["person"]
    cut = f" {texts['cut']}" if said.cut else ""
    return f"[{who}] {quote(said.text, SAID_CHARS)}{cut}"


def _documents(heading: str, knowledge: Sequence[str]) -> list[str]:
    if not knowledge:
        return []
    share = KNOWLEDGE_CHARS // len(knowledge)
    quoted = "\n".join(f"- {quote(text, share)}" for text in knowledge)
    return [f"{heading}\n<documents>\n{quoted}\n</documents>"]


def _listed(heading: str, lines: Sequence[str]) -> list[str]:
    return ["\n".join((heading, *(f"- {line}" for line in lines)))] if lines else []


def _fill(template: str, **values: str) -> str:
    """The template with its braces filled in; braces inside values stay as they are."""
    parts = template.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        filled.append(values[name] + rest)
    return "".join(filled)


@cache
def _texts(language: Language) -> Mapping[str, str]:
    with Path(__file__).with_name("prompts.toml").open("rb") as file:
        table: Mapping[str, Mapping[str, str]] = tomllib.load(file)
    return table[language]
