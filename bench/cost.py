"""What one scripted session of ten minutes costs: the plain SDK on the advanced tier, and ours.

Forty turns, each with one choice of who speaks, one answer and three reactions of listeners. Tokens
are the stub vendor's own count, prices the packaged list's; nothing is asked of a real vendor.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.optimizing import settings_for
from bench.sdk import Sdk
from bench.table import Table
from bench.vendor import Bill, Delays, Vendor, vendor
from scenarios.catalogue import LIBRARY, Catalogue
from scenarios.schema import Scenario
from services.adapters.sql.store import open_sql
from services.core.clock import SystemClock
from services.core.money import NANO_PER_USD
from services.llm.deck import Deck
from services.llm.entry import LedgerEntry
from services.llm.ledger.counterfactual import counterfactual
from services.llm.models.catalogue import ModelCatalogue, load_models
from services.llm.models.money import Pricing
from services.llm.models.price_list import PackagedPrices
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome, Source, Usage
from services.llm.reactions import Moment
from services.llm.request import Complexity, Message, Request, Scope, TaskType
from services.llm.spec import Tier
from services.wiring.words import open_words

SCENE = "debat-tv"
TURNS = 40
REACTIONS_A_TURN = 3
OPENINGS = 4
SEED = 7
CHARS_A_TOKEN = 4
"""As the stub counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Tokens of a call: its stable head, its tail, and the words of its answer."""

    head: int
    tail: int
    words: int
    max_tokens: int


SIZES = {
    TaskType.AGENT_REACTION: Size(head=480, tail=220, words=14, max_tokens=40),
    TaskType.AGENT_RESPONSE: Size(head=620, tail=280, words=24, max_tokens=90),
    TaskType.ORCHESTRATION: Size(head=1400, tail=500, words=66, max_tokens=200),
}


@dataclass(slots=True)
class Played:
    """One session as it was played."""

    outcomes: list[Outcome] = field(default_factory=list)
    bills: dict[str, Bill] = field(default_factory=dict)
    deck_nano: int = 0
    avoided: int = 0


async def measure() -> Iterable[Table]:
    """One table, three sessions: plain, ours for the first learner, ours for the second."""
    scenario = Catalogue((LIBRARY,)).get(SCENE).scenario
    models = load_models()
    names = {tier: models.spec(id).model for tier, id in models.heads.items()}
    async with vendor(delays=Delays.none()) as stub:
        stub.exact = True
        plain = await _plain(stub, scenario, names[Tier.ADVANCED])
    async with vendor(delays=Delays.none()) as stub:
        stub.exact = True
        with TemporaryDirectory() as folder:
            ours, entries = await _ours(stub, scenario, Path(folder), list(names.values()))
    priced = _Priced(models)
    bill = plain.bills[names[Tier.ADVANCED]]
    uncached = priced.nano(names[Tier.ADVANCED], bill, cached=False)
    billed = priced.nano(names[Tier.ADVANCED], bill)
    rows = [
        _row("plain SDK, advanced, no prompt cache", uncached, uncached, plain),
        _row("plain SDK, advanced, as billed", billed, uncached, plain),
    ]
    for number, (played, booked) in enumerate(zip(ours, entries, strict=True), 1):
        rows += _rows_of(f"optimizer, learner {number}", played, booked, priced, uncached)
    return [_table(rows, names)]


class _Priced:
    """What vendors' bills come to, at the packaged prices of this moment."""

    def __init__(self, models: ModelCatalogue) -> None:
        self._specs = {models.spec(id).model: models.spec(id) for id in models.heads.values()}
        self._pricing = Pricing(models, PackagedPrices(), SystemClock())
        self._now = SystemClock().now()

    def nano(self, model: str, bill: Bill, *, cached: bool = True) -> int:
        return self._pricing.cost(self._specs[model], _usage(bill, cached=cached), self._now)


def _rows_of(
    name: str,
    played: Played,
    booked: Sequence[LedgerEntry],
    priced: _Priced,
    uncached_nano: int,
) -> list[tuple[str, ...]]:
    """A session of ours, then its ledger against the bill, and what it was spared."""
    billed = sum(priced.nano(model, bill) for model, bill in played.bills.items() if bill.calls)
    figures = counterfactual(booked)
    facts = [
        (f"its ledger against the vendor's bill: {_usd(billed)}", figures.cost_nano - billed),
        ("without cache and deck it would be", figures.without_cache_nano),
        ("without tiers it would be", figures.without_tiers_nano),
        ("without compression it would be", figures.without_compression_nano),
    ]
    first = _row(name, figures.cost_nano, uncached_nano, played)
    return [first, *((f"  {what}", _usd(nano), "", "", "", "") for what, nano in facts)]


def _table(rows: Sequence[tuple[str, ...]], names: Mapping[Tier, str]) -> Table:
    return Table(
        title="A ten-minute session",
        columns=("how", "cost", "below the first", "calls", "from deck or cache", "of the deck"),
        rows=tuple(rows),
        note=(
            f"{TURNS} turns: {TURNS} choices of the speaker (about 1900 tokens in, 120 out), "
            f"{TURNS} answers (900/45) and {TURNS * REACTIONS_A_TURN} reactions (700/25), the "
            "same prompts for all. The SDK asks "
            f"{names[Tier.ADVANCED]} for everything; ours asks {names[Tier.CHEAP]} for lines. "
            "`As billed` has the vendor's own discount for prompts of 1024 tokens and more "
            "that begin alike. The second learner says other things in the same scene. "
            "Nothing is said here of whether the cheaper model's lines are as good."
        ),
    )


async def _plain(stub: Vendor, scenario: Scenario, model: str) -> Played:
    played, sdk = Played(), Sdk(stub.url, model=model)
    for request in script(scenario, "first"):
        stub.words = SIZES[request.task].words
        await sdk.whole(request)
        played.outcomes.append(Outcome(text="", source=Source.LIVE))
    await sdk.aclose()
    await stub.settled()
    played.bills[model] = stub.bill(model=model)
    return played


async def _ours(
    stub: Vendor, scenario: Scenario, folder: Path, models: list[str]
) -> tuple[list[Played], list[tuple[LedgerEntry, ...]]]:
    """Two learners, one after the other, each in a process's optimizer of its own."""
    settings = settings_for(folder, stub.url)
    sessions, entries = [], []
    async with open_sql(settings.database_url) as sql:
        for learner in ("first", "second"):
            before = {name: stub.bill(model=name) for name in models}
            async with open_words(settings, SystemClock(), sql) as words:
                played = await _session(stub, scenario, words.optimizer, learner)
            await stub.settled()
            played.bills = {n: _since(stub.bill(model=n), before[n]) for n in models}
            sessions.append(played)
            entries.append(await sql.ledger.entries(session=learner))
    return sessions, entries


async def _session(
    stub: Vendor, scenario: Scenario, optimizer: LLMOptimizer, learner: str
) -> Played:
    played = Played()
    deck = Deck(scenario, clean=lambda _, line: line, rng=Random(SEED))
    calls = script(scenario, learner)
    for number, request in enumerate(calls):
        if number == OPENINGS:
            stub.words = SIZES[TaskType.AGENT_REACTION].max_tokens * 100
            stub.answers.extend(_reactions(c.name) for c in scenario.cast)
            filled = await deck.fill(optimizer, revision="r", session=learner, user=learner)
            stub.answers.clear()
            played.deck_nano = filled.cost_nano
        stub.words = SIZES[request.task].words
        played.outcomes.append(await optimizer.respond(request, deck=deck.line))
    played.avoided = deck.avoided
    return played


def script(scenario: Scenario, learner: str) -> Iterator[Request]:
    """The session's calls in order; the learner's words differ, the scene's do not."""
    cast = itertools.cycle([one.id for one in scenario.cast])
    draw = Random(SEED)
    for persona in itertools.islice(cast, OPENINGS):
        yield _request(scenario, TaskType.AGENT_RESPONSE, learner, "opening", persona)
    for turn in range(TURNS):
        said = f"{learner} says this in turn {turn}"
        yield _request(scenario, TaskType.ORCHESTRATION, learner, said)
        if turn >= OPENINGS:
            yield _request(scenario, TaskType.AGENT_RESPONSE, learner, said, next(cast))
        for _ in range(REACTIONS_A_TURN):
            moment = draw.choice(list(Moment)[:6])
            yield _request(scenario, TaskType.AGENT_REACTION, learner, said, next(cast), moment)


def _request(
    scenario: Scenario,
    task: TaskType,
    learner: str,
    said: str,
    persona: str | None = None,
    moment: Moment | None = None,
) -> Request:
    size = SIZES[task]
    opening = said == "opening"
    who = f"{task} of {persona or 'the manager'} in {scenario.id}"
    return Request(
        task=task,
        messages=(
            Message("system", _text(f"Stable rules and scene for {who}.", size.head)),
            Message("user", _text(f"Lately heard: {said}. {who} answers.", size.tail)),
        ),
        max_tokens=size.max_tokens,
        spoken=task is not TaskType.ORCHESTRATION,
        complexity=None if task is TaskType.ORCHESTRATION else Complexity.SIMPLE,
        scope=Scope.SCENARIO if opening else None,
        session=learner,
        user=learner,
        scenario=scenario.id,
        persona=persona,
        language=scenario.language,
        revision="r",
        moment=moment,
    )


def _text(beginning: str, tokens: int) -> str:
    """Sentences of that many tokens; none repeats another, so that nothing is squeezed as such."""
    draw = Random(beginning)
    words = ("fret", "région", "réforme", "budget", "question", "chiffre", "train", "avis")
    text = beginning
    while len(text) < tokens * CHARS_A_TOKEN:
        text += f" {draw.choice(words).capitalize()} {draw.choice(words)} {draw.randrange(10**6)}."
    return text[: tokens * CHARS_A_TOKEN]


def _reactions(name: str) -> str:
    """A deck's answer: three lines a moment."""
    lines = {str(m): [f"{m} {n} de {name}." for n in ("un", "deux", "trois")] for m in Moment}
    return json.dumps(lines, ensure_ascii=False)


def _since(now: Bill, before: Bill) -> Bill:
    return Bill(
        calls=now.calls - before.calls,
        prompt_tokens=now.prompt_tokens - before.prompt_tokens,
        cached_tokens=now.cached_tokens - before.cached_tokens,
        cache_write_tokens=now.cache_write_tokens - before.cache_write_tokens,
        completion_tokens=now.completion_tokens - before.completion_tokens,
    )


def _usage(bill: Bill, *, cached: bool = True) -> Usage:
    return Usage(
        prompt_tokens=bill.prompt_tokens,
        cached_tokens=bill.cached_tokens if cached else 0,
        cache_write_tokens=bill.cache_write_tokens if cached else 0,
        completion_tokens=bill.completion_tokens,
    )


def _row(name: str, nano: int, first: int, played: Played) -> tuple[str, ...]:
    calls = sum(bill.calls for bill in played.bills.values())
    spared = sum(one.source in {Source.CACHED, Source.DECK} for one in played.outcomes)
    below = f"{1 - nano / first:.0%}"
    deck = f"{played.avoided}, for {_usd(played.deck_nano)}" if played.avoided else ""
    return (name, _usd(nano), below, str(calls), str(spared), deck)


def _usd(nano: int) -> str:
    return f"${nano / NANO_PER_USD:.4f}"
