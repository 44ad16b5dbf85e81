"""What the tail of a prompt is made of: things that were said, oldest first, and what is said now.

Owns where they stand in the messages. What of them may go is `compress`'s, to save money, and
`truncate`'s, to fit a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.llm.prompts.gist import tidy, unrepeated
from services.llm.request import Message

WHOLE_LINES = 6
"""So many of the latest lines stay word for word."""

CONVERSATION = ("<conversation>", "</conversation>")
TRANSCRIPT = ("<transcript>", "</transcript>")


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that was said: a line of the conversation, or (`line` None) a whole message."""

    at: int
    line: int | None


def units(
    messages: Sequence[Message],
    head: int,
    *,
    blocks: Sequence[tuple[str, str]] = (CONVERSATION,),
) -> list[Unit]:
    """What was said, oldest first, in the messages after the `head` first ones.

    The last message is said now, so only what stands in it between the tags of a block counts.
    """
    found: list[Unit] = []
    for at in range(head, len(messages)):
        lines = messages[at].content.split("\n")
        block = next((one for one in blocks if one[0] in lines and one[1] in lines), None)
        if block is not None:
            inside = range(lines.index(block[0]) + 1, lines.index(block[1]))
            found += [Unit(at, line) for line in inside]
        elif at < len(messages) - 1:
            found.append(Unit(at, None))
    return found


def tidied(messages: tuple[Message, ...], head: int) -> tuple[Message, ...]:
    """Without blanks that say nothing, and without instructions that already stand above."""
    known = {line for one in messages[:head] for line in one.content.splitlines()}
    made = list(messages)
    for at in range(head, len(messages)):
        text = unrepeated(tidy(messages[at].content), known, block=CONVERSATION)
        if text != messages[at].content:
            made[at] = replace(messages[at], content=text)
    return tuple(made)
