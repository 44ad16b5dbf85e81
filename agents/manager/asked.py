"""The question that the person has not answered yet, word for word as it was heard."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from agents.manager.memory import LEARNER, Said

_BETWEEN = re.compile(
    r"(?<=[.?!…])(?<!\bM\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bMrs\.)\s+(?![?!])"
)
"""Between two sentences; French has a space before a question mark."""


class OpenQuestion(NamedTuple):
    """Who asked, and the sentence."""

    persona: str
    sentence: str


def open_question(memory: Sequence[Said]) -> OpenQuestion | None:
    """The last question heard since the learner spoke; None when nothing was asked since."""
    for said in reversed(memory):
        if said.speaker == LEARNER:
            return None
        asked = last_question(said.text)
        if asked is not None:
            return OpenQuestion(said.speaker, asked)
    return None


def last_question(text: str) -> str | None:
    """The last sentence of the text that ends with a question mark."""
    return next((one for one in reversed(_BETWEEN.split(text.strip())) if one.endswith("?")), None)
