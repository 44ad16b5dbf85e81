"""Questions to a model that may choose between equals, as the manager puts them."""

from agents.cast.moment import LEARNER, Said
from agents.manager.ports import Question

INTERIM = "Et donc, sur ce point précis"
WHOLE = f"{INTERIM}, je dis non."


def question(words: str = WHOLE, *candidates: str, turn: int = 1) -> Question:
    """Between Roche and Castan unless told otherwise, in the learner's so many-th turn."""
    before = tuple(_said("morel", f"Question {n} ?") for n in range(turn))
    return Question(
        candidates=candidates or ("roche", "castan"),
        goal="chacun pose sa question",
        spoke_last="morel",
        heard=(*before, _said(LEARNER, words)),
    )


def _said(speaker: str, text: str) -> Said:
    return Said(speaker=speaker, name=speaker, text=text, turn_id="u0001", phase="ouverture")
