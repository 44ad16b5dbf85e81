"""Shortens the tail of a prompt where that saves money, and never its head.

Owns what may go: blanks, instructions said twice, and of what was said long ago the sentences that
hold no name, number, question or quotation. A vendor bills a tenth for a tail that only grew since
the last call, so what was sent is touched only where that discount is worth less.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.core.tokens import estimate_tokens, tokens_of
from services.llm.prompts.compiler import stable_prefix
from services.llm.prompts.gist import gist
from services.llm.prompts.prefix import LEAST_TOKENS
from services.llm.prompts.tail import WHOLE_LINES, Unit, tidied, units
from services.llm.request import Language, Message
from services.llm.spec import Rates

LEAST_TAIL_CHARS = 900
"""Shorter tails, about 300 tokens, are sent as they are: nothing in them is worth the time."""

STEP_LINES = 8
"""Lines grow old eight at a time: in between, a tail only grows and stays in vendors' caches."""

_TURNS_A_STEP = 4
"""A turn adds about two lines."""

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Squeezed:
    """The messages to be sent, and what that spares.

    `saved_nano` is nano-USD at what those tokens would have cost. `refused` tells why old lines
    stayed whole: `discount` (shortening them would have lost `refused_nano`) or `minimum` (the
    prompt would have become too short to be cached at all).
    """

    messages: tuple[Message, ...]
    saved_tokens: int = 0
    saved_nano: int = 0
    refused: str | None = None
    refused_nano: int = 0


def squeeze(messages: tuple[Message, ...], *, rates: Rates, language: Language | None) -> Squeezed:
    """The same prompt with a shorter tail, or as it is. The same messages give the same result."""
    head = len(stable_prefix(messages))
    if _short(messages, head):
        return Squeezed(messages=messages)
    before = tokens_of(messages)
    tidy = tidied(messages, head)
    shortened, first = _shortened(tidy, head, language)
    refused, lost_nano = _judged(tidy, shortened, first, rates)
    made = tidy if refused else shortened
    saved = max(before - tokens_of(made), 0)
    return Squeezed(
        messages=messages if made == messages else made,
        saved_tokens=saved,
        saved_nano=_usd_nano(saved * _usual_nano(rates, before), rates),
        refused=refused,
        refused_nano=lost_nano,
    )


def _short(messages: Sequence[Message], head: int) -> bool:
    return sum(len(one.content) for one in messages[head:]) < LEAST_TAIL_CHARS


def _old(said: Sequence[Unit]) -> Sequence[Unit]:
    return said[: max(len(said) - WHOLE_LINES, 0) // STEP_LINES * STEP_LINES]


def _shortened(
    messages: tuple[Message, ...], head: int, language: Language | None
) -> tuple[tuple[Message, ...], Unit | None]:
    """The old lines by their gist, and the first of them that became another."""
    first: Unit | None = None
    texts = {at: messages[at].content.split("\n") for at in range(head, len(messages))}
    said: set[str] = set()
    for unit in _old(units(messages, head)):
        lines = range(len(texts[unit.at])) if unit.line is None else (unit.line,)
        for line in lines:
            text = texts[unit.at][line]
            shorter = gist(text, language, again=text in said)
            said.add(text)
            if shorter != text:
                texts[unit.at][line] = shorter
                first = first or unit
    if first is None:
        return messages, None
    made = (replace(messages[at], content="\n".join(lines)) for at, lines in texts.items())
    return (*messages[:head], *made), first


def _judged(
    tidy: tuple[Message, ...],
    shortened: tuple[Message, ...],
    first: Unit | None,
    rates: Rates,
) -> tuple[str | None, int]:
    """Why the old lines had better stay whole, and the nano-USD that this spares; or (None, 0).

    Where the tail is cached, shortening makes all that follows the first changed line new to the
    vendor once, and spares its tokens at the cached price for the turns of a step.
    """
    before = tokens_of(tidy)
    if first is None or not _caching(rates, before):
        return None, 0
    after = tokens_of(shortened)
    follows = _tokens_from(tidy, first)
    saved, cached = before - after, rates.cached_nano
    new = rates.write_nano or rates.input_nano
    gain = saved * cached * _TURNS_A_STEP - (follows - saved) * (new - cached)
    if gain <= 0:
        return "discount", _usd_nano(-gain, rates)
    if after < LEAST_TOKENS:
        lost = after * (rates.input_nano - cached) - saved * cached
        return "minimum", max(_usd_nano(lost, rates), 0)
    return None, 0


def _tokens_from(messages: Sequence[Message], first: Unit) -> int:
    """Tokens from that unit to the end."""
    begun = messages[first.at].content.split("\n")[first.line or 0 :]
    return estimate_tokens("\n".join(begun)) + sum(
        estimate_tokens(one.content) for one in messages[first.at + 1 :]
    )


def _caching(rates: Rates, tokens: int) -> bool:
    return rates.cached_nano < rates.input_nano and tokens >= LEAST_TOKENS


def _usual_nano(rates: Rates, tokens: int) -> int:
    return rates.cached_nano if _caching(rates, tokens) else rates.input_nano


def _usd_nano(token_rates: int, rates: Rates) -> int:
    """Tokens times a rate for a million, in nano-USD, rounded down."""
    return token_rates * rates.to_usd_micro // (_MILLION * _MILLION)
