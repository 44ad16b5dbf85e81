"""What was heard, as a model reads it that speaks for nobody: it only chooses, or judges."""

from collections.abc import Iterable

from agents.cast.moment import LEARNER, Said
from services.llm.prompts.quoting import Quoted, join_quoted, quote, quote_said
from services.llm.prompts.templates import Template

NAME_CHARS = 60


def conversation(heard: Iterable[Said], template: Template, *, said_chars: int) -> Quoted:
    """`[who] words` a line, whatever the words contain; the person has no name in it."""
    lines: list[Quoted] = []
    for said in heard:
        person = said.speaker == LEARNER
        who = template.words["person"] if person else quote(said.name, NAME_CHARS)
        note = template.words["cut"] if said.cut else ""
        lines.append(quote_said(who, said.text, limit=said_chars, note=note))
    return join_quoted(lines)
