"""The optimizer and what stands behind it: caches, purse, ledger, prices, metrics."""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from services.adapters.sql.store import SqlParts
from services.core.clock import Clock
from services.core.errors import BackendError, ConfigError
from services.core.tokens import TokenFactors
from services.llm.cache.answers import AnswerCache
from services.llm.cache.flights import Flights
from services.llm.cache.key import Keys
from services.llm.decide import Decider, Policy, Trials
from services.llm.experiments.results import Results
from services.llm.experiments.running import Experiments
from services.llm.learning import Learning
from services.llm.ledger.books import Books
from services.llm.ledger.budgets import BudgetPlan, parse_budgets
from services.llm.models.catalogue import ModelCatalogue, load_models
from services.llm.models.lint import lint
from services.llm.models.money import Pricing
from services.llm.models.price_list import PackagedPrices
from services.llm.models.thresholds import Tuner
from services.llm.optimizer import LLMOptimizer
from services.llm.plan.health import RouteHealth
from services.llm.ports import LedgerStore, Purse, Route, SharedCache
from services.llm.prompts.prefix import PrefixWatch
from services.llm.spec import Tier
from services.llm.workshop import Workshop
from services.settings import Settings
from services.stats.budgets import PurseBudgets
from services.stats.experiments import ExperimentStats
from services.stats.ports import LedgerTotals
from services.stats.routes import HealthReporter
from services.stats.stats import Stats
from services.telemetry.llm_metrics import LlmMetrics
from services.wiring.routes import OpenRoutes, open_routes
from services.wiring.shared import open_shared

LESSON = timedelta(days=1)
"""How much of the ledger a process learns its thresholds from."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What gives words, and what tells of it."""

    optimizer: LLMOptimizer
    books: Books
    answers: AnswerCache
    stats: Stats
    shared: SharedCache
    keys: Keys


@asynccontextmanager
async def open_words(settings: Settings, clock: Clock, sql: SqlParts) -> AsyncIterator[Words]:
    """Opens all of it; what was spent is booked before the block is left.

    Raises: ConfigError when models.yaml, a budget or the data folder cannot be used.
    """
    house = _House(settings, clock)
    plan = parse_budgets(settings.budgets)
    async with AsyncExitStack() as parts:
        parts.callback(house.metrics.flush)
        shared = await open_shared(settings, clock, house.observer, parts)
        if settings.redis_url is None and not settings.database_url.startswith("sqlite"):
            log.warning("budgets.of_one_machine", extra={"remedy": "set REDIS_URL"})
        books = house.books(shared.purse, sql.ledger, plan)
        routes = open_routes(settings, house.catalogue, _local(settings))
        for chat in routes.chats:
            parts.push_async_callback(chat.aclose)
        experiments = house.experiments(routes, sql.experiments)
        parts.push_async_callback(books.aclose)
        keys = Keys(shared.secret)
        answers = AnswerCache(shared.cache, clock, Random(), observer=house.observer)
        health = RouteHealth(clock, counts=house.observer)
        optimizer = LLMOptimizer(
            Workshop(
                decider=house.decider(routes, keys, books, experiments),
                accounts=books,
                cache=answers,
                flights=Flights(),
                health=health,
                observer=house.observer,
                clock=clock,
            )
        )
        parts.push_async_callback(optimizer.aclose)
        process = f"{os.getpid()}-{secrets.token_hex(4)}"
        reporter = HealthReporter(sql.board, health.snapshot, clock, process=process)
        learning = _learn(house.tuner, sql.totals, clock)
        await experiments.begin()
        background = (books.run(), reporter.run(), experiments.run(), learning)
        await parts.enter_async_context(_running(*background))
        yield Words(
            optimizer=optimizer,
            books=books,
            answers=answers,
            stats=house.stats(sql, plan, shared.purse, experiments),
            shared=shared.cache,
            keys=keys,
        )


class _House:
    """What is known before anything is open: models, prices, and who counts and learns."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.catalogue = load_models(settings.models)
        self.metrics = LlmMetrics(self.catalogue.specs.values())
        self.pricing = Pricing(
            self.catalogue,
            PackagedPrices(),
            clock,
            on_unknown=lambda _: self.metrics.event("price_unknown"),
        )
        _check(self.catalogue, self.pricing, clock)
        start = self.catalogue.thresholds
        frozen = start.frozen or settings.llm_thresholds_frozen
        self.tuner = Tuner(replace(start, frozen=frozen))
        self.factors = TokenFactors()
        self.observer = Learning(self.metrics, tuner=self.tuner, factors=self.factors)

    def books(self, purse: Purse, ledger: LedgerStore, plan: BudgetPlan) -> Books:
        return Books(
            purse=purse,
            ledger=ledger,
            prices=self.pricing,
            plan=plan,
            clock=self._clock,
            observer=self.observer,
            advanced=self.catalogue.spec(self.catalogue.heads[Tier.ADVANCED]),
            prefixes=PrefixWatch(),
            spool=self._settings.data_dir / "unbooked",
        )

    def experiments(self, routes: OpenRoutes, results: Results) -> Experiments:
        return Experiments(
            self.catalogue.experiments,
            chains=routes.chains,
            models=routes.by_model,
            results=results,
            clock=self._clock,
            observer=self.observer,
        )

    def stats(
        self, sql: SqlParts, plan: BudgetPlan, purse: Purse, experiments: Experiments
    ) -> Stats:
        return Stats(
            sql.totals,
            sql.board,
            clock=self._clock,
            budgets=PurseBudgets(plan, purse, on_share=self.metrics.budget_share),
            experiments=ExperimentStats(experiments, sql.experiments, self._clock),
        )

    def decider(self, routes: OpenRoutes, keys: Keys, books: Books, trials: Trials) -> Decider:
        settings = self._settings
        return Decider(
            routes=routes.chains,
            own=routes.own,
            keys=keys,
            pricing=self.pricing,
            levels=books,
            learnt=self.observer,
            factors=self.factors,
            clock=self._clock,
            trials=trials,
            policy=Policy(
                cache=settings.llm_cache_enabled,
                ttl_default_s=float(settings.llm_cache_ttl_default),
                selection=settings.llm_model_selection_enabled,
                compression=settings.llm_prompt_compression_enabled,
            ),
        )


def _local(settings: Settings) -> Route | None:
    """This machine's own model, when there is a file for it."""
    if settings.llama_model_path is None:
        return None
    from services.adapters.llama import LlamaChat, local_spec, plan_llama

    spec = local_spec(settings.llama_model_path)
    plan = plan_llama(settings.data_dir, settings.llama_model_path)
    return Route(spec=spec, chat=LlamaChat(spec, plan))


def _check(catalogue: ModelCatalogue, pricing: Pricing, clock: Clock) -> None:
    """Refuses prices that stand on their head; tells the rest.

    A model that its vendor ended is told and not refused: the next one of its chain answers.

    Raises: ConfigError.
    """
    dear = []
    for finding in lint(catalogue, pricing, clock.now().date()):
        if finding.code == "E-TIER-PRICE":
            dear.append(str(finding))
        elif finding.in_use:
            log.warning("models.finding", extra={"code": finding.code, "model": finding.model})
    if dear:
        raise ConfigError("\n".join(dear))


async def _learn(tuner: Tuner, totals: LedgerTotals, clock: Clock) -> None:
    """The thresholds as yesterday's calls would have moved them."""
    try:
        tuner.learn_counts(await totals.trials(since=clock.now() - LESSON))
    except BackendError as error:
        log.warning("llm.nothing_learnt", extra={"cause": error.code})


@asynccontextmanager
async def _running(*works: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Runs them while the block lasts."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
