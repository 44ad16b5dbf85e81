"""The voices of one scene: a character's id in, its sound out, whichever engine it comes from."""

from collections.abc import AsyncIterator, Mapping, Sequence

from scenarios.schema import Scenario
from services.speech.casting import cast_voices
from services.speech.fallback import Voices
from services.speech.ports import VoiceChoice


class Ensemble:
    """Each character's voice, cast once; the engines behind it are shared and stay open."""

    def __init__(self, voices: Voices, choices: Mapping[str, VoiceChoice]) -> None:
        self._voices = voices
        self.choices = dict(choices)

    def speak(self, persona: str, text: str) -> AsyncIterator[bytes]:
        """PCM int16 mono 24 kHz in blocks; closing the iterator early stops the engine.

        Raises: KeyError for a stranger to the scene; VoiceDied, BackendError as `Voices.speak`.
        """
        return self._voices.speak(text, self.choices[persona])


def ensemble(scenario: Scenario, voices: Voices, *, prefer: Sequence[str] = ()) -> Ensemble:
    """The scene's cast with its voices. Raises: NotFound when no engine speaks its language."""
    choices = cast_voices(scenario.cast, scenario.language, voices.available(), prefer)
    return Ensemble(voices, choices)
