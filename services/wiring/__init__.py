"""Settings to open services: the one place where ports meet adapters.

Only the entry points call it (`agents.worker`, `services.api`, `services.jobs`). What it opens
closes with the block, in reverse order.
"""

import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random

from scenarios.catalogue import LIBRARY, Catalogue
from services.adapters.espeak import EspeakVoices
from services.adapters.flite import FliteVoices
from services.adapters.kokoro import KokoroVoices
from services.adapters.livekit_api import LiveKitRooms
from services.adapters.pocketsphinx_ear import PocketsphinxEar
from services.adapters.sql.store import open_sql
from services.adapters.whisper_ear import WhisperEar, plan_host
from services.core.clock import Clock, SystemClock
from services.core.errors import NotFound
from services.debrief.kept import CACHE_BYTES, ENTRIES, KEPT_S
from services.debrief.memory import MemoryAnalyst
from services.llm.cache.answers import AnswerCache
from services.llm.cache.key import Keys
from services.llm.ledger.books import Books
from services.llm.optimizer import LLMOptimizer
from services.llm.ports import SharedCache
from services.llm.prompts.store import TemplateStore, templates_folder
from services.sessions.ports import Presence, SessionStore
from services.sessions.rooms import Rooms
from services.settings import Settings
from services.speech.ports import Ear, VoiceEngine
from services.stats.ports import HealthBoard
from services.stats.stats import Stats
from services.telemetry.memory_metrics import MemoryMetrics
from services.wiring.routes import accounts
from services.wiring.words import Words, open_words

_CHAT = "services.adapters.openai_chat"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that works without a room, open.

    `ears` and `engines` are this machine's own, best first; no ears means typing only. `rooms` is
    None without a LiveKit server. `shared` is the cache of all processes, `keys` name what
    is in it.
    """

    settings: Settings
    clock: Clock
    store: SessionStore
    presence: Presence
    stats: Stats
    memory: MemoryAnalyst
    optimizer: LLMOptimizer
    books: Books
    answers: AnswerCache
    shared: SharedCache
    keys: Keys
    board: HealthBoard
    templates: TemplateStore
    catalogue: Catalogue
    ears: tuple[Ear, ...]
    engines: tuple[VoiceEngine, ...]
    rooms: Rooms | None


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Opens what the settings ask for, and closes all of it with the block.

    Raises:
        ConfigError: a setting cannot be used, or the database is newer than this program.
        BackendError: the database cannot be reached.
    """
    async with AsyncExitStack() as open_parts:
        clock = SystemClock()
        sql = await open_parts.enter_async_context(open_sql(settings.database_url))
        words = await open_parts.enter_async_context(open_words(settings, clock, sql))
        rooms = _rooms(settings)
        if rooms is not None:
            open_parts.push_async_callback(rooms.aclose)
        ears = _ears(settings)
        engines = _engines(settings)
        for close in (*(ear.aclose for ear in ears), *(engine.aclose for engine in engines)):
            open_parts.push_async_callback(close)
        templates = TemplateStore(templates_folder(settings.data_dir))
        memory = _analyst(settings, clock, sql.store, words, templates)
        open_parts.push_async_callback(memory.aclose)
        yield Services(
            settings=settings,
            clock=clock,
            store=sql.store,
            presence=sql.presence,
            optimizer=words.optimizer,
            books=words.books,
            answers=words.answers,
            shared=words.shared,
            keys=words.keys,
            board=sql.board,
            templates=templates,
            memory=memory,
            stats=words.stats,
            catalogue=Catalogue((LIBRARY, *settings.scenarios)),
            ears=ears,
            engines=engines,
            rooms=rooms,
        )


def needed(settings: Settings) -> tuple[str, ...]:
    """Modules that `open_services` will need; importing them starts and opens nothing."""
    return ("services.wiring", *((_CHAT,) if accounts(settings) else ()))


def prepare(settings: Settings) -> None:
    """Does beforehand what `open_services` would do, in a process that waits for its job."""
    if accounts(settings):
        importlib.import_module(_CHAT).prepare()


def _analyst(
    settings: Settings, clock: Clock, store: SessionStore, words: Words, templates: TemplateStore
) -> MemoryAnalyst:
    """Analyses kept beside the optimizer's answers, in a first level of their own."""
    answers = AnswerCache(words.shared, clock, Random(), max_entries=ENTRIES, max_bytes=CACHE_BYTES)
    return MemoryAnalyst(
        optimizer=words.optimizer,
        store=store,
        answers=answers,
        keys=words.keys,
        clock=clock,
        counts=MemoryMetrics(),
        templates=templates,
        kept_s=KEPT_S if settings.llm_cache_enabled else 0.0,
    )


def _rooms(settings: Settings) -> LiveKitRooms | None:
    if not (settings.livekit_url and settings.livekit_api_key and settings.livekit_api_secret):
        return None
    return LiveKitRooms(
        settings.livekit_url,
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        agent_name=settings.livekit_agent_name,
    )


def _ears(settings: Settings) -> tuple[Ear, ...]:
    """Ears of this machine, best first; the last resort hears English only."""
    last = PocketsphinxEar()
    resort: tuple[Ear, ...] = (last,) if last.languages() else ()
    try:
        plan = plan_host(settings.data_dir, model_path=settings.whisper_model_path)
    except NotFound as error:
        log.warning("ears.missing", extra={"cause": str(error)})
        return resort
    return (WhisperEar(plan), *resort)


def _engines(settings: Settings) -> tuple[VoiceEngine, ...]:
    """Engines that can speak on this machine: the preferred ones first, then the plain ones."""
    engines: list[VoiceEngine] = [EspeakVoices(), FliteVoices()]
    if "kokoro" in settings.voices:
        try:
            engines.append(KokoroVoices(settings.data_dir, model_path=settings.kokoro_model_path))
        except NotFound as error:
            log.warning("voices.missing", extra={"cause": str(error)})
    able = [engine for engine in engines if engine.languages()]
    preferred = settings.voices
    return tuple(
        sorted(
            able,
            key=lambda engine: (
                preferred.index(engine.name) if engine.name in preferred else len(preferred)
            ),
        )
    )
