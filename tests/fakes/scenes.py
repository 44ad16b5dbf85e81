"""Small scenarios for tests: a debate in French, a board in English, and what a test changes."""

from typing import Any

from scenarios.schema import Scenario


def character(
    id: str, name: str, title: str | None, gender: str | None = None, **more: Any
) -> dict[str, Any]:
    """One member of a cast with lines that name their speaker and kind."""
    understudy = {
        "opening": [f"{id} opens."],
        "lines": [f"{id} line {n}." for n in range(1, 6)],
        "reactions": [f"{id} reacts.", f"{id} hums."],
        "closing": [f"{id} closes."],
    }
    base = {
        "id": id,
        "name": name,
        "title": title,
        "persona": f"Persona of {id}.",
        "voice": {"gender": gender} if gender else {},
        "temper": {"talkativeness": 0},
        "understudy": understudy,
    }
    return base | more


DEBATE_CAST = (
    character("morel", "Claire Morel", "animatrice", "female"),
    character("roche", "Antoine Roche", "député", "male"),
    character("kerbrat", "Sonia Kerbrat", "transporteuse", "female"),
    character("castan", "Émile Castan", "économiste", "male"),
)

DEBATE: dict[str, Any] = {
    "schema": 1,
    "id": "debat",
    "title": "Le débat",
    "language": "fr",
    "summary": "Une réforme à défendre.",
    "learner": {"role": "ministre", "brief": "Vous avez le chiffre."},
    "cast": list(DEBATE_CAST),
    "phases": [
        {
            "id": "ouverture",
            "goal": "chacun pose sa question",
            "lead": "morel",
            "opening": "parallel",
            "turns": {"min": 1, "max": 4},
            "time_limit_s": 120,
        },
        {
            "id": "conclusion",
            "goal": "une phrase à retenir",
            "lead": "roche",
            "speakers": ["morel", "roche"],
            "turns": {"min": 1, "max": 3},
        },
    ],
}

BOARD: dict[str, Any] = {
    "schema": 1,
    "id": "board",
    "title": "The board",
    "language": "en",
    "summary": "A plan to defend.",
    "learner": {"role": "head of strategy"},
    "cast": [
        character("okafor", "Daniel Okafor", "Chief Financial Officer", "male"),
        character("whitfield", "Claire Whitfield", "Chair of the Board", "female"),
        character("bell", "Marcus Bell", "Head of Sales", "male"),
        character("raman", "Priya Raman", "journalist", "female"),
    ],
    "phases": [{"id": "questions", "goal": "ask", "lead": "whitfield"}],
}


def debate(**changes: Any) -> Scenario:
    """The debate, top-level fields replaced."""
    return Scenario.model_validate(DEBATE | changes)


def board(**changes: Any) -> Scenario:
    """The board meeting, top-level fields replaced."""
    return Scenario.model_validate(BOARD | changes)


def cast_with(id: str, **changes: Any) -> list[dict[str, Any]]:
    """The debate's cast, fields of one character replaced."""
    return [one | changes if one["id"] == id else one for one in DEBATE_CAST]
