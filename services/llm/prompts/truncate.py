"""A prompt that is too long for a model, made shorter: what was said long ago goes first.

Owns the order in which it goes. Names, numbers, questions and the latest lines stay as long as
anything else can go; the head and what is said now always stay.
"""

from collections.abc import Callable
from dataclasses import replace

from services.core.tokens import estimate_tokens, tokens_of
from services.llm.prompts.compiler import stable_prefix
from services.llm.prompts.gist import facts, gist
from services.llm.prompts.tail import CONVERSATION, TRANSCRIPT, WHOLE_LINES, Unit, tidied, units
from services.llm.request import Language, Message

_BLOCKS = (CONVERSATION, TRANSCRIPT)
_GAP = "…"
_EMPTY_TOKENS = tokens_of([Message("user", "")]) - tokens_of([])

_LEAST_CHARS = 80
"""So much stays of a last message that is too long by itself, whatever the budget."""


def truncated(
    messages: tuple[Message, ...], *, budget_tokens: int, language: Language | None
) -> tuple[Message, ...]:
    """The prompt within that many tokens, by our estimate, if its head leaves room for it.

    What goes, a step at a time and the oldest first, until it fits: blanks and repetitions; the
    sentences without a fact in long lines, then in all; lines; at last the latest lines. A last
    message that is too long by itself loses its beginning.
    """
    if tokens_of(messages) <= budget_tokens:
        return messages
    head = len(stable_prefix(messages))
    tail = _Tail(tidied(messages, head), head, budget_tokens)
    tail.shorten(lambda line: gist(line, language))
    tail.shorten(lambda line: facts(line, language))
    tail.drop()
    return _last_within(tail.messages(), head, budget_tokens)


class _Tail:
    """A prompt while what was said in it is made shorter; a whole message counts as one line."""

    def __init__(self, messages: tuple[Message, ...], head: int, budget_tokens: int) -> None:
        self._messages = messages
        self._units = units(messages, head, blocks=_BLOCKS)
        self._lines: dict[int, list[str | None]] = {
            unit.at: [*messages[unit.at].content.split("\n")]
            if unit.line is not None
            else [messages[unit.at].content]
            for unit in self._units
        }
        self._over = tokens_of(messages) - budget_tokens

    def shorten(self, shorter: Callable[[str], str]) -> None:
        """Makes every line but the latest shorter, one after the other, until all fits."""
        for unit in self._units[: max(len(self._units) - WHOLE_LINES, 0)]:
            if self._over <= 0:
                return
            text = self._lines[unit.at][unit.line or 0]
            if text is not None:
                made = (shorter(line) for line in text.split("\n"))
                self._put(unit, text, "\n".join(line for line in made if line))

    def drop(self) -> None:
        """Leaves lines out, one after the other, until all fits."""
        for unit in self._units:
            if self._over <= 0:
                return
            text = self._lines[unit.at][unit.line or 0]
            if text is not None:
                self._put(unit, text, "")

    def messages(self) -> tuple[Message, ...]:
        """What is left; a mark stands where the first line of a conversation is missing."""
        made: list[Message] = []
        for at, message in enumerate(self._messages):
            lines = self._lines.get(at)
            if lines is None:
                made.append(message)
            elif lines != [None]:
                gap = lines.index(None) if None in lines else -1
                kept = [
                    _GAP if line is None else line
                    for number, line in enumerate(lines)
                    if line is not None or number == gap
                ]
                made.append(replace(message, content="\n".join(kept)))
        return tuple(made)

    def _put(self, unit: Unit, before: str, after: str) -> None:
        lines = self._lines[unit.at]
        self._over -= estimate_tokens(before) - estimate_tokens(after)
        if not after:
            if unit.line is None:
                self._over -= _EMPTY_TOKENS
            elif None not in lines:
                self._over += estimate_tokens(_GAP)
        lines[unit.line or 0] = after or None


def _last_within(
    messages: tuple[Message, ...], head: int, budget_tokens: int
) -> tuple[Message, ...]:
    """The messages with as much of the last one's end as fits."""
    room_tokens = budget_tokens - tokens_of(messages[:-1]) - _EMPTY_TOKENS
    text = messages[-1].content
    if len(messages) == head or estimate_tokens(text) <= room_tokens:
        return messages
    while len(text) > _LEAST_CHARS and (tokens := estimate_tokens(text)) > room_tokens:
        chars = max(_LEAST_CHARS, min(len(text) * room_tokens // tokens, len(text) * 9 // 10))
        text = text[-chars:]
    text = text.partition(" ")[2].strip() or text
    return (*messages[:-1], replace(messages[-1], content=text))
