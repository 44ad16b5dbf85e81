"""The ledger's sums, told part by part. Pure: the same sums give the same stats.

An answer is a booking with `calls` 1; the attempts behind it are booked too, and cost money. What a
cached or deck line once used is saved here, not used again.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from services.llm.entry import Role
from services.llm.ledger.counterfactual import plain_nano
from services.llm.outcome import Source
from services.stats.figures import ratio, shares, spread, usd
from services.stats.ports import Cell, Spender, Timed
from services.stats.views import (
    CacheHits,
    Compression,
    Deck,
    PrefixCache,
    Spend,
    Spending,
    Spread,
    Spreads,
    Tokens,
)

FREE = frozenset({Role.CACHED, Role.DECK})
FINE = 4
"""Places of a dollar where single calls are told: a call costs about a ten-thousandth."""

_BY_MODEL_NOW = frozenset({Source.LIVE, Source.FALLBACK})
_FROM_NO_MODEL = frozenset({Source.CACHED, Source.DECK, Source.UNDERSTUDY})
_A_MODELS_WORDS = _BY_MODEL_NOW | {Source.CACHED}
_SOURCE_OF: Mapping[str, str] = {
    Role.CACHED: Source.CACHED,
    Role.DECK: Source.DECK,
    Role.UNDERSTUDY: Source.UNDERSTUDY,
}


def source_of(cell: Cell) -> str:
    """What served an answer; bookings that do not tell are live ones."""
    return cell.source or _SOURCE_OF.get(cell.role, Source.LIVE)


def route_of(one: Cell | Timed) -> str | None:
    """`provider/model`, or the model alone where no provider is known."""
    return f"{one.provider}/{one.model}" if one.provider and one.model else one.model


def hits_and_misses(cells: Iterable[Cell]) -> tuple[int, int]:
    """Answers from the cache, and answers for which a model was asked."""
    hits = misses = 0
    for cell in cells:
        if cell.role == Role.CACHED:
            hits += cell.calls
        elif cell.role != Role.DECK and cell.model is not None:
            misses += cell.calls
    return hits, misses


def model_shares(cells: Iterable[Cell]) -> dict[str, float]:
    """Of the answers in a model's words, cached ones too, the part of each model."""
    counts: Counter[str] = Counter()
    for cell in cells:
        if cell.model is not None and source_of(cell) in _A_MODELS_WORDS:
            counts[cell.model] += cell.calls
    return shares(counts)


def served_by(cells: Iterable[Cell]) -> dict[str, float]:
    """The part of the answers that each source gave."""
    return shares(_summed(cells, source_of, lambda cell: cell.calls))


def cache_hits(cells: Sequence[Cell]) -> CacheHits:
    """Cached answers by level and by task."""
    hits = [cell for cell in cells if cell.role == Role.CACHED]
    return CacheHits(
        by_level=_summed(hits, lambda cell: cell.level or "unknown", lambda cell: cell.calls),
        by_task=_summed(hits, lambda cell: cell.task, lambda cell: cell.calls),
    )


def tokens(cells: Iterable[Cell]) -> Tokens:
    """Tokens that were paid for."""
    paid = [cell for cell in cells if cell.role not in FREE]
    return Tokens(
        prompt=sum(cell.prompt_tokens for cell in paid),
        cached_by_vendor=sum(cell.cached_tokens for cell in paid),
        written_to_vendor_cache=sum(cell.cache_write_tokens for cell in paid),
        completion=sum(cell.completion_tokens for cell in paid),
    )


def tokens_saved(cells: Iterable[Cell]) -> int:
    """Tokens of answers that were not made again, and those that compression took out."""
    return sum(
        cell.prompt_tokens + cell.completion_tokens if cell.role in FREE else cell.squeezed_tokens
        for cell in cells
    )


def prefix_cache(cells: Iterable[Cell]) -> PrefixCache:
    """How right the expectation of vendors' prefix caches was."""
    paid = [cell for cell in cells if cell.role not in FREE]
    found = sum(cell.cached_tokens for cell in paid)
    return PrefixCache(
        predicted_tokens=sum(cell.predicted_tokens for cell in paid),
        cached_tokens=found,
        hit_ratio=ratio(found, sum(cell.prompt_tokens for cell in paid)),
    )


def compression(cells: Iterable[Cell]) -> Compression:
    """What shorter prompts saved."""
    paid = [cell for cell in cells if cell.role not in FREE]
    saved = sum(cell.squeezed_nano for cell in paid)
    return Compression(
        squeezed_tokens=sum(cell.squeezed_tokens for cell in paid),
        saved_nano=saved,
        saved=usd(saved, places=FINE),
        refused_nano=sum(cell.refused_nano for cell in paid),
    )


def deck(cells: Iterable[Cell]) -> Deck:
    """Calls that the deck made needless: those that nothing went wrong with before."""
    lines = [cell for cell in cells if cell.role == Role.DECK]
    stood_in = sum(cell.faulty_calls for cell in lines)
    return Deck(
        calls_avoided=sum(cell.calls for cell in lines) - stood_in,
        stood_in=stood_in,
        saved_nano=sum(cell.saved_nano for cell in lines),
    )


def spending(
    cells: Sequence[Cell], *, characters: Iterable[Spender], sessions: Iterable[Spender]
) -> Spending:
    """Tokens and money, by everything they can be told by."""
    return Spending(
        by_task=_spends(cells, lambda cell: cell.task),
        by_tier=_spends(cells, lambda cell: cell.tier or "none"),
        by_model=_spends(cells, route_of),
        by_character=tuple(_spend(one) for one in characters),
        by_session=tuple(_spend(one) for one in sessions),
    )


def answer_times(timed: Sequence[Timed]) -> Spreads:
    """How long answers took; by model without those that no model gave just then."""
    return Spreads(
        all=_spread(timed),
        by_task=_spreads(timed, lambda one: one.task),
        by_model=_spreads((one for one in timed if one.source in _BY_MODEL_NOW), route_of),
    )


def first_token_times(timed: Sequence[Timed]) -> Spreads:
    """How long models took to their first useful words, attempt by attempt."""
    asked = [one for one in timed if one.source not in _FROM_NO_MODEL]
    return Spreads(
        all=_spread(asked),
        by_task=_spreads(asked, lambda one: one.task),
        by_model=_spreads(asked, route_of),
    )


def overhead(timed: Sequence[Timed]) -> Spread:
    """What the optimizer took of answers that a model gave; a cached one is nothing else."""
    return _spread(one for one in timed if one.source in _BY_MODEL_NOW)


def _spread(timed: Iterable[Timed]) -> Spread:
    counts: Counter[int] = Counter()
    for one in timed:
        counts[one.bucket] += one.count
    return spread(counts)


def _spreads(timed: Iterable[Timed], name: Callable[[Timed], str | None]) -> dict[str, Spread]:
    groups: defaultdict[str, list[Timed]] = defaultdict(list)
    for one in timed:
        if (group := name(one)) is not None:
            groups[group].append(one)
    return {group: _spread(groups[group]) for group in sorted(groups)}


def _spends(cells: Iterable[Cell], name: Callable[[Cell], str | None]) -> tuple[Spend, ...]:
    groups: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if (group := name(cell)) is not None:
            groups[group].append(cell)
    found = [_spend(_merged(group, alike)) for group, alike in groups.items()]
    return tuple(sorted(found, key=lambda one: (-one.cost_nano, one.name)))


def _merged(name: str, cells: Sequence[Cell]) -> Spender:
    paid = [cell for cell in cells if cell.role not in FREE]
    return Spender(
        name=name,
        calls=sum(cell.calls for cell in cells),
        prompt_tokens=sum(cell.prompt_tokens for cell in paid),
        completion_tokens=sum(cell.completion_tokens for cell in paid),
        cost_nano=sum(cell.cost_nano for cell in cells),
        list_nano=sum(cell.list_nano for cell in cells),
    )


def _spend(one: Spender) -> Spend:
    without_all_nano = plain_nano(one.cost_nano, one.list_nano)
    return Spend(
        name=one.name,
        scenario=one.scenario,
        calls=one.calls,
        prompt_tokens=one.prompt_tokens,
        completion_tokens=one.completion_tokens,
        cost_nano=one.cost_nano,
        cost=usd(one.cost_nano, places=FINE),
        without_all_nano=without_all_nano,
        without_all=usd(without_all_nano, places=FINE),
    )


def _summed(
    cells: Iterable[Cell], name: Callable[[Cell], str], amount: Callable[[Cell], int]
) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for cell in cells:
        if amount(cell):
            counts[name(cell)] += amount(cell)
    return dict(sorted(counts.items()))
