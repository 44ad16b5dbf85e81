"""The vendor's ears and voices (`REPARTEE_SPEECH=openai`) behind the ports of embedded speech.

Owns livekit-plugins-openai: PCM out, one attempt a call, its errors turned into ours once. They
stand first in the same chains as the embedded engines, which take over when the vendor fails.
"""

from collections.abc import AsyncIterator

import openai
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError
from livekit.plugins import openai as plugin

from agents.stage.hearing import HEARING_RATE_HZ
from services.core.errors import BackendError
from services.speech.ports import Language, VoiceChoice

CALL_LIMIT_S = 5.0

_ONCE = APIConnectOptions(max_retry=0, timeout=CALL_LIMIT_S)


class Vendor:
    """The connection to the vendor of speech: one for all ears and voices of a room."""

    def __init__(self, *, api_key: str, base_url: str | None = None) -> None:
        self.client = openai.AsyncClient(api_key=api_key, base_url=base_url, max_retries=0)

    async def aclose(self) -> None:
        """Closes connections; ears and voices are not used afterwards."""
        await self.client.close()


class VendorEar:
    """Recognition by the vendor, one request an utterance."""

    def __init__(self, vendor: Vendor, *, model: str) -> None:
        self.name = model
        self._vendor = vendor
        self._model = model
        self._recognisers: dict[Language, plugin.STT] = {}

    def languages(self) -> frozenset[Language]:
        return frozenset({"fr", "en"})

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        recogniser = self._recognisers.setdefault(
            language,
            plugin.STT(
                language=language,
                model=self._model,
                client=self._vendor.client,
            ),
        )
        frame = rtc.AudioFrame(pcm, HEARING_RATE_HZ, 1, len(pcm) // 2)
        try:
            event = await recogniser.recognize(frame, conn_options=_ONCE)
        except APIError as error:
            raise _ours("recognition", error) from None
        return event.alternatives[0].text.strip() if event.alternatives else ""

    async def aclose(self) -> None:
        for recogniser in self._recognisers.values():
            await recogniser.aclose()


class VendorVoices:
    """Voices of the vendor, streamed as PCM 24 kHz."""

    name = "openai"

    def __init__(self, vendor: Vendor, *, model: str) -> None:
        self._vendor = vendor
        self._model = model
        self._voices: dict[tuple[str, float], plugin.TTS] = {}

    def languages(self) -> frozenset[Language]:
        return frozenset({"fr", "en"})

    async def speak(self, text: str, voice: VoiceChoice) -> AsyncIterator[bytes]:
        key = (voice.voice, voice.pace_ratio)
        if key not in self._voices:
            self._voices[key] = plugin.TTS(
                client=self._vendor.client,
                model=self._model,
                voice=voice.voice,
                speed=voice.pace_ratio,
                response_format="pcm",
            )
        stream = self._voices[key].synthesize(text, conn_options=_ONCE)
        try:
            async for event in stream:
                yield event.frame.data.tobytes()
        except APIError as error:
            raise _ours("voice", error) from None
        finally:
            await stream.aclose()

    async def aclose(self) -> None:
        for voice in self._voices.values():
            await voice.aclose()


def _ours(what: str, error: APIError) -> BackendError:
    status = getattr(error, "status_code", None)
    return BackendError(
        f"the vendor's {what} failed: {type(error).__name__}",
        retryable=error.retryable,
        status=status,
    )
