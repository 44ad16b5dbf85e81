"""When an engine is dead or slow: the next one, and when there is none, the caller shows text.

`EarChain` and `Voices` fulfil the same ports as the engines they hold. An engine that failed rests
for a while, so that a dead one does not cost its time limit on every line.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing

from services.core.clock import Clock
from services.core.errors import BackendError, BackendTimeout
from services.speech.audio import duration_s
from services.speech.casting import recast
from services.speech.guard import LineGuard
from services.speech.ports import Ear, Language, VoiceChoice, VoiceEngine

logger = logging.getLogger(__name__)

REST_S = 20.0
"""How long a failed engine is passed over."""

HEARING_S = 6.0
HEARING_S_PER_S = 0.3
"""Time for an utterance: a constant, and more for a long one. Whisper base needs 0.1 s a second."""

SOUND_S = 4.0
"""A voice that gives nothing for this long is dead; espeak needs 0.01 s, Kokoro 1 to 2."""

LONGEST_UTTERANCE_S = 120.0
HEARING_RATE_HZ = 16000


def _ignore(_: str) -> None:
    """Nobody asked to be told."""


class VoiceDied(BackendError):
    """The voice stopped inside a line, after `produced_s` seconds of it had left the engine.

    What was sent may have been heard; the line as a whole was not spoken.
    """

    def __init__(self, engine: str, *, produced_s: float) -> None:
        super().__init__(f"the voice engine {engine} died inside a line")
        self.engine = engine
        self.produced_s = produced_s


class _Rest:
    """Which engines are being passed over, and until when."""

    def __init__(self, clock: Clock, rest_s: float) -> None:
        self._clock, self._rest_s = clock, rest_s
        self._until: dict[str, float] = {}

    def failed(self, name: str) -> None:
        self._until[name] = self._clock.monotonic_s() + self._rest_s

    def awake(self, names: Sequence[str]) -> list[str]:
        """Those not resting; all of them when every one rests: trying beats silence."""
        now = self._clock.monotonic_s()
        rested = [name for name in names if self._until.get(name, 0.0) <= now]
        return rested or list(names)


class EarChain:
    """The first ear that answers in time; an utterance nobody could recognise raises.

    `on_failed` is told the name of each ear that failed.
    """

    def __init__(
        self,
        ears: Sequence[Ear],
        *,
        clock: Clock,
        deadline_s: float = HEARING_S,
        rest_s: float = REST_S,
        on_failed: Callable[[str], None] = _ignore,
    ) -> None:
        self._on_failed = on_failed
        self._ears = {ear.name: ear for ear in ears}
        self._deadline_s = deadline_s
        self._rest = _Rest(clock, rest_s)

    @property
    def name(self) -> str:
        """The ear that would be asked first; `none` when there is no ear."""
        return next(iter(self._rest.awake(list(self._ears))), "none")

    def languages(self) -> frozenset[Language]:
        """What at least one ear recognises."""
        return frozenset().union(*(ear.languages() for ear in self._ears.values()))

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        """Text of PCM int16 mono 16 kHz, "" when nothing was said.

        Overload (status 429) makes the next ear try, without a rest for the busy one.

        Raises: BackendError when no ear could answer: the person types.
        """
        said_s = duration_s(pcm, HEARING_RATE_HZ)
        if said_s > LONGEST_UTTERANCE_S:
            raise BackendError("the utterance is too long", retryable=False, status=413)
        able = [name for name, ear in self._ears.items() if language in ear.languages()]
        last: BackendError | None = None
        for name in self._rest.awake(able):
            try:
                async with asyncio.timeout(self._deadline_s + HEARING_S_PER_S * said_s):
                    return await self._ears[name].recognise(pcm, language=language)
            except TimeoutError:
                last = BackendTimeout(f"{name} did not answer in time")
            except BackendError as error:
                last = error
            if last.status != 429:
                self._rest.failed(name)
            self._on_failed(name)
            logger.warning("ear.failed", extra={"ear": name, "kind": type(last).__name__})
        raise last or BackendError("nothing here can hear that language", retryable=False)

    async def aclose(self) -> None:
        """Closes every ear."""
        for ear in self._ears.values():
            await ear.aclose()


class Voices:
    """Speaks with the voice's own engine, else with the nearest voice of another one.

    `on_failed` is told the name of each engine that failed.
    """

    def __init__(
        self,
        engines: Sequence[VoiceEngine],
        *,
        clock: Clock,
        rest_s: float = REST_S,
        on_failed: Callable[[str], None] = _ignore,
    ) -> None:
        self._on_failed = on_failed
        self._engines = {engine.name: engine for engine in engines}
        self._rest = _Rest(clock, rest_s)

    @property
    def name(self) -> str:
        """`voices`."""
        return "voices"

    def languages(self) -> frozenset[Language]:
        """What at least one engine speaks."""
        return frozenset().union(*(engine.languages() for engine in self._engines.values()))

    def available(self) -> dict[str, frozenset[Language]]:
        """Engine name -> languages, as casting wants it."""
        return {name: engine.languages() for name, engine in self._engines.items()}

    async def speak(self, text: str, voice: VoiceChoice) -> AsyncGenerator[bytes, None]:
        """PCM int16 mono 24 kHz in blocks.

        Another engine takes over only before the first sound.

        Raises: VoiceDied when the engine failed later, BackendError when no engine gave a sound.
        """
        last: BackendError | None = None
        for choice in self._choices(voice):
            produced_s = 0.0
            try:
                async with aclosing(self._guarded(text, choice)) as blocks:
                    async for block in blocks:
                        produced_s += duration_s(block)
                        yield block
                return
            except BackendError as error:
                last = error
            self._rest.failed(choice.engine)
            where = {"engine": choice.engine, "kind": type(last).__name__}
            self._on_failed(choice.engine)
            logger.warning("voice.failed", extra={**where, "produced_s": round(produced_s, 2)})
            if produced_s:
                raise VoiceDied(choice.engine, produced_s=produced_s) from last
        raise last or BackendError("no voice engine speaks that language", retryable=False)

    def _choices(self, voice: VoiceChoice) -> list[VoiceChoice]:
        able = [n for n, engine in self._engines.items() if voice.language in engine.languages()]
        names = sorted(able, key=lambda name: name != voice.engine)
        choices = [
            voice if n == voice.engine else recast(voice, n) for n in self._rest.awake(names)
        ]
        return [choice for choice in choices if choice is not None]

    async def _guarded(self, text: str, voice: VoiceChoice) -> AsyncGenerator[bytes, None]:
        """The engine's blocks, without a stall and as LineGuard allows them."""
        guard = LineGuard(text, pace_ratio=voice.pace_ratio)
        async with aclosing(_stream(self._engines[voice.engine], text, voice)) as blocks:
            while (block := await _within(blocks, SOUND_S)) is not None:
                for good in guard.feed(block):
                    yield good
        for good in guard.end():
            yield good

    async def aclose(self) -> None:
        """Closes every engine."""
        for engine in self._engines.values():
            await engine.aclose()


async def _stream(
    engine: VoiceEngine, text: str, voice: VoiceChoice
) -> AsyncGenerator[bytes, None]:
    """The engine's own iterator, closed with this one: leaving it to chance keeps it speaking."""
    stream = engine.speak(text, voice)
    try:
        async for block in stream:
            yield block
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _within(blocks: AsyncIterator[bytes], wait_s: float) -> bytes | None:
    """The next block, None at the end. Raises: BackendTimeout."""
    try:
        async with asyncio.timeout(wait_s):
            return await anext(blocks, None)
    except TimeoutError:
        raise BackendTimeout("the voice engine stalled") from None
