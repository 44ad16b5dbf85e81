"""A prompt that is too long for a model, made shorter: the oldest of its tail goes first.

The system messages at the head stay, and so does the last message; what is cut is never told again.
"""

from dataclasses import replace

from services.core.tokens import tokens_of
from services.llm.request import Message, Request

_KEPT_SHARE = 0.6
"""Of the tokens that the model was thought to take: an estimate may be a third too low."""


def trimmed(request: Request, *, room_tokens: int) -> Request:
    """The request with a prompt of about `room_tokens` at most, by our estimate.

    A single message that is longer than the room left to it loses its beginning.
    """
    head = 0
    while head < len(request.messages) and request.messages[head].role == "system":
        head += 1
    fixed, tail = request.messages[:head], request.messages[head:]
    left = room_tokens - tokens_of(fixed)
    kept: list[Message] = []
    for message in reversed(tail):
        need = tokens_of([message])
        if need > left and kept:
            break
        kept.append(message if need <= left else _ending(message, left, need))
        left -= need
    return replace(request, messages=(*fixed, *reversed(kept)))


def room_after_refusal(request: Request, context_tokens: int) -> int:
    """Tokens of prompt to send at most after a model refused the request as too long."""
    room = max(1, context_tokens - request.max_tokens)
    return int(_KEPT_SHARE * min(tokens_of(request.messages), room))


def _ending(message: Message, room_tokens: int, tokens: int) -> Message:
    """The last part of a message: as much as fits, at least a few words."""
    chars = int(len(message.content) * max(0.02, room_tokens / tokens))
    return replace(message, content=message.content[-max(1, chars) :].lstrip())
