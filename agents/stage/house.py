"""What a job needs of the open services, and how it is composed for one room.

Owns the order of ears and voices in a room: the vendor's first when they are asked for, then the
machine's own.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.roleplay.remembering import Analyses
from agents.stage.hearing import Hears
from agents.stage.speaking import CastVoices
from scenarios.catalogue import Catalogue
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from services.core.clock import Clock
from services.llm.optimizer import LLMOptimizer
from services.llm.prompts.store import TemplateStore
from services.sessions.ports import Presence, SessionStore
from services.settings import Settings
from services.speech.casting import cast_voices
from services.speech.fallback import EarChain, Voices
from services.speech.ports import Ear, VoiceChoice, VoiceEngine
from services.telemetry import metrics

if TYPE_CHECKING:
    from agents.stage.vendor_speech import Vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The services as one job uses them. Whoever opened them closes them."""

    settings: Settings
    clock: Clock
    store: SessionStore
    presence: Presence
    optimizer: LLMOptimizer
    templates: TemplateStore
    catalogue: Catalogue
    ears: tuple[Ear, ...]
    engines: tuple[VoiceEngine, ...]
    memory: Analyses | None = None
    vendor: "Vendor | None" = None

    def scenario(self, id: str) -> Loaded:
        """The library's scene. Raises: UnknownScenario."""
        return self.catalogue.get(id)

    def hearing(self) -> Hears:
        """The ears for a room, best first, as one."""
        ears = self.ears
        if self.vendor is not None:
            from agents.stage.vendor_speech import VendorEar

            ears = (VendorEar(self.vendor, model=self.settings.openai_stt_model), *ears)
        return EarChain(ears, clock=self.clock, on_failed=_counted("ear"))

    def voices(self, scenario: Scenario) -> CastVoices:
        """Each character's voice; the same character always has the same one.

        Engines that the operator named come first, then the vendor's, then the machine's own.

        Raises: NotFound when nothing here speaks the scene's language.
        """
        engines, prefer = self.engines, self.settings.voices
        if self.vendor is not None:
            from agents.stage.vendor_speech import VendorVoices

            vendor = VendorVoices(self.vendor, model=self.settings.openai_tts_model)
            engines, prefer = (vendor, *engines), (*prefer, vendor.name)
        chain = Voices(engines, clock=self.clock, on_failed=_counted("voice"))
        chosen = cast_voices(scenario.cast, scenario.language, chain.available(), prefer)
        return _CastVoices(chain, chosen)


@dataclass(frozen=True, slots=True)
class _CastVoices:
    voices: Voices
    chosen: dict[str, VoiceChoice]

    def speak(self, persona: str, text: str) -> AsyncGenerator[bytes, None]:
        return self.voices.speak(text, self.chosen[persona])


def _counted(part: str) -> Callable[[str], None]:
    return lambda engine: metrics.SPEECH_ERRORS.labels(engine=engine, part=part).inc()


@asynccontextmanager
async def speech_vendor(settings: Settings) -> AsyncIterator["Vendor | None"]:
    """The vendor of speech while the block lasts, or None when speech is the machine's own."""
    if settings.speech != "openai":
        yield None
        return
    # 18 MB and 0.6 s that a house which speaks by itself saves
    from agents.stage.vendor_speech import Vendor

    key = settings.openai_api_key
    vendor = Vendor(
        api_key=key.get_secret_value() if key else "none", base_url=settings.openai_base_url
    )
    try:
        yield vendor
    finally:
        await vendor.aclose()
