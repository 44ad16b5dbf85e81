"""Hearing: from the person's sound to words, through whichever ear is open.

Owns the session's recogniser: which ears hear, and what the stage may ask of them. Where one
utterance ends and the next begins is `utterances`' affair.
"""

import logging
import time
from collections.abc import Callable
from typing import Literal, Protocol

from livekit import rtc
from livekit.agents import NOT_GIVEN, APIConnectOptions, NotGivenOr, stt, utils

from agents.manager.backchannels import is_backchannel
from agents.stage.utterances import FINAL_PAUSE_S, HEARING_RATE_HZ, PAUSE_S, Utterances
from services.core.errors import BackendError
from services.speech.ports import Language

__all__ = ["FINAL_PAUSE_S", "HEARING_RATE_HZ", "PAUSE_S", "Hearing", "Hears"]

_ONCE = APIConnectOptions(max_retry=0)

log = logging.getLogger(__name__)


class Hears(Protocol):
    """The ears of the machine, best first, as one."""

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        """Words of PCM int16 mono 16 kHz; "" for none. Raises BackendError when all are deaf."""
        ...


class Hearing(stt.STT[Literal["none"]]):
    """The session's recogniser.

    `on_deaf` is told when nothing can hear any more, `on_recognised` how long a recognition took.
    Set by the stage: `pending` tells whether a beat sounds or waits, when a mere "mm-hm" is not a
    turn; `patience_s` how much longer than usual a pause after these words may last; `on_speech` is
    told that the person speaks, on or again, `on_pause` of a pause and how old it is, `on_words`
    that words were recognised, `on_dropped` that what was heard is no turn.
    """

    def __init__(
        self,
        ears: Hears,
        *,
        language: Language,
        on_deaf: Callable[[], None],
        on_recognised: Callable[[float], None],
    ) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True, interim_results=True, offline_recognize=False
            )
        )
        self.language = language
        self.pending: Callable[[], bool] = lambda: False
        self.patience_s: Callable[[str], float] = lambda _: 0.0
        self.on_speech: Callable[[], None] = lambda: None
        self.on_pause: Callable[[float], None] = lambda _: None
        self.on_words: Callable[[], None] = lambda: None
        self.on_dropped: Callable[[], None] = lambda: None
        self.held = False
        self._ears = ears
        self._on_deaf = on_deaf
        self._on_recognised = on_recognised
        self._utterances: Utterances | None = None

    @property
    def model(self) -> str:
        return "repartee-hearing"

    async def words(self, pcm: bytes) -> str:
        """What was said, "" for nothing and when no ear works."""
        began_s = time.perf_counter()
        try:
            text = await self._ears.recognise(pcm, language=self.language)
        except BackendError as error:
            log.error("hearing.deaf", extra={"why": str(error)})
            self._on_deaf()
            return ""
        self._on_recognised(time.perf_counter() - began_s)
        return text

    def is_turn(self, text: str) -> bool:
        """Whether these words take the floor: over a line that sounds, a mere "mm-hm" does not."""
        return bool(text) and not (self.pending() and is_backchannel(text, self.language))

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = _ONCE,
    ) -> stt.RecognizeStream:
        self._utterances = Utterances(self, self, conn_options)
        return self._utterances

    async def words_so_far(self) -> str:
        """What the person has said of the utterance that goes on; "" when none does."""
        return await self._utterances.so_far() if self._utterances is not None else ""

    def take(self) -> bool:
        """Takes the words so far out of the utterance: what comes after them begins another.

        False, and nothing is taken, when the person is not speaking any more. While `held` is set,
        an utterance that ends is kept, and leads the words that come next.
        """
        return self._utterances is not None and self._utterances.take()

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = _ONCE,
    ) -> stt.SpeechEvent:
        pcm = rtc.combine_audio_frames(buffer).data.tobytes()
        return self.event(stt.SpeechEventType.FINAL_TRANSCRIPT, await self.words(pcm))

    def event(self, kind: stt.SpeechEventType, text: str) -> stt.SpeechEvent:
        """The framework's event for these words."""
        data = stt.SpeechData(language=self.language, text=text, confidence=1.0)  # type: ignore[arg-type]
        return stt.SpeechEvent(type=kind, alternatives=[data])
