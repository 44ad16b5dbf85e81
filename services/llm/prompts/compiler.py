"""Blocks of a prompt into messages, in the order in which vendors' prefix caches find them again.

What is the same for every scene comes first, then what is the same for the session, then the turn:
a vendor charges a tenth for the part of a prompt that begins like an earlier one. Source: facts on
prefix caching in the OpenAI API guide, "Prompt caching", 2026-11-21.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from services.llm.request import Message

Kind = Literal["static", "session", "turn"]
Role = Literal["system", "user", "assistant"]

ORDER: dict[Kind, int] = {"static": 0, "session": 1, "turn": 2}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a prompt: how long it stays the same, who says it, its text."""

    kind: Kind
    role: Role
    text: str


def compile_prompt(blocks: Iterable[Block]) -> tuple[Message, ...]:
    """The messages: static, session, turn, each in the given order; neighbours of a role joined.

    The stable system blocks are one leading message. A system block of the turn is a message of its
    own, so that the leading ones stay the prefix. Blank blocks are left out.
    """
    kept = sorted((one for one in blocks if one.text.strip()), key=lambda one: ORDER[one.kind])
    messages: list[Message] = []
    paragraphs: list[str] = []
    joined: tuple[bool, Role] | None = None
    for block in kept:
        place = (block.kind == "turn", block.role)
        if joined is not None and place != joined:
            messages.append(Message(role=joined[1], content="\n\n".join(paragraphs)))
            paragraphs = []
        joined = place
        paragraphs.append(block.text.strip())
    if joined is not None:
        messages.append(Message(role=joined[1], content="\n\n".join(paragraphs)))
    return tuple(messages)


def stable_prefix(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The system messages at the head: what stays the same from call to call."""
    head: list[Message] = []
    for message in messages:
        if message.role != "system":
            break
        head.append(message)
    return tuple(head)
