"""A character's short reactions as a model is asked for them: by moment, in one answer.

Owns the moments and the wording of the request, which holds nothing that a person said and no
secret: whoever plays the scenario may share the answer.
"""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from scenarios.schema import Character, Language, Scenario
from services.llm.request import Complexity, Message, Request, Scope, TaskType

TTL_S = 86_400.0
DEADLINE_S = 20.0

_MAX_TOKENS = 700
_TEMPLATE = "deck.{language}@1"


class Moment(StrEnum):
    """What a reaction reacts to. `stall`: no answer came, and the floor is given back."""

    AGREE = "agree"
    DISAGREE = "disagree"
    SURPRISE = "surprise"
    DOUBT = "doubt"
    IMPATIENCE = "impatience"
    THINKING = "thinking"
    INTERRUPTED = "interrupted"
    STALL = "stall"


class Reactions(BaseModel):
    """A character's lines by moment, as a model is asked for them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agree: tuple[str, ...]
    disagree: tuple[str, ...]
    surprise: tuple[str, ...]
    doubt: tuple[str, ...]
    impatience: tuple[str, ...]
    thinking: tuple[str, ...]
    interrupted: tuple[str, ...]
    stall: tuple[str, ...]


NO_REACTIONS = Reactions(**{str(moment): () for moment in Moment})


def asking(
    scenario: Scenario,
    character: Character,
    revision: str,
    *,
    session: str | None,
    user: str | None,
) -> Request:
    """The call for all of a character's reactions; `revision` names the scenario's version."""
    words = _WORDS[scenario.language]
    temper = character.temper
    you = f"{character.name}, {character.title}" if character.title else character.name
    dials = ", ".join(
        f"{label} {value:.1f}"
        for label, value in zip(
            words.dials, (temper.patience, temper.hostility, temper.talkativeness), strict=True
        )
    )
    told = (
        f"{words.scene} {scenario.title}. {scenario.summary}",
        f"{words.learner} {scenario.learner.role}",
        f"{words.you} {you}. {character.persona}",
        f"{words.temper} {dials}.",
        words.ask,
    )
    return Request(
        task=TaskType.AGENT_REACTION,
        messages=(Message("system", words.rules), Message("user", "\n\n".join(told))),
        max_tokens=_MAX_TOKENS,
        temperature=0.9,
        deadline_s=DEADLINE_S,
        complexity=Complexity.SIMPLE,
        cache_ttl_s=TTL_S,
        scope=Scope.SCENARIO,
        session=session,
        user=user,
        scenario=scenario.id,
        persona=character.id,
        language=scenario.language,
        revision=revision,
        template=_TEMPLATE.replace("{language}", scenario.language),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    rules: str
    scene: str
    learner: str
    you: str
    temper: str
    dials: tuple[str, str, str]
    ask: str


_WORDS: dict[Language, _Words] = {
    "fr": _Words(
        rules="Tu écris à l'avance les très courtes réactions orales d'un personnage de jeu de "
        "rôle. Chacune tient en huit mots au plus, se dit à voix haute, ne répète aucune autre, "
        "ne suppose rien de ce qui vient d'être dit et ne contient ni nom propre, ni chiffre, ni "
        "didascalie. Réponds en JSON seul : pour chaque clé, trois réactions en français. "
        "agree : il approuve. disagree : il conteste. surprise : il est surpris. doubt : il "
        "doute. impatience : il perd patience. thinking : il réfléchit. interrupted : on vient "
        "de lui couper la parole. stall : il n'a rien à ajouter et rend la parole par une "
        "relance.",
        scene="La scène :",
        learner="La personne en face joue :",
        you="Le personnage :",
        temper="Son tempérament, de 0 à 1 :",
        dials=("patience", "hostilité", "loquacité"),
        ask="Écris ses réactions.",
    ),
    "en": _Words(
        rules="You write in advance the very short spoken reactions of a character in a "
        "role-play. Each has eight words at most, is said out loud, repeats no other one, assumes "
        "nothing about what was just said and holds no proper name, no figure and no stage "
        "direction. Answer in JSON alone: for each key, three reactions in English. agree: they "
        "approve. disagree: they object. surprise: they are surprised. doubt: they doubt. "
        "impatience: they lose patience. thinking: they think. interrupted: somebody has just cut "
        "them off. stall: they have nothing to add and hand the floor back with a prompt.",
        scene="The scene:",
        learner="The person opposite plays:",
        you="The character:",
        temper="Their temper, from 0 to 1:",
        dials=("patience", "hostility", "talkativeness"),
        ask="Write their reactions.",
    ),
}
