"""Whether a recogniser's guess is something a person said: noise, loops and stock phrases are not.

Pure. The thresholds were set on 380 telephone recordings of two speakers and on noise, hum, music
and knocks, through Whisper base with a window of 10 s.
"""

import re
import unicodedata
import zlib
from dataclasses import dataclass
from enum import StrEnum

NO_SPEECH_RATIO = 0.52
"""Speech stayed below 0.47, noise and music above 0.55."""

UNSURE_LOGPROB = -0.5
HOPELESS_LOGPROB = -1.5
"""Mean log probability a token: clear speech has -0.2 to -0.7, single words down to -1.3,
sound without words -1.4 to -2.4."""

LOOP_COMPRESSION = 2.4
"""Text that zlib shrinks by more than this repeats itself. Source: Whisper's decoding defaults."""

MAX_WORDS_PER_S = 8.0
"""Fast speech reaches five words a second."""

_STOCK = (
    "sous titres realises par",
    "sous titrage",
    "sous titres par",
    "merci d avoir regarde",
    "abonnez vous",
    "amara org",
    "thank you for watching",
    "thanks for watching",
    "please subscribe",
    "subtitles by",
    "transcription by",
)
"""What Whisper learned to write under silence in films and clips; folded as `_folded` does."""

_WORD = re.compile(r"[^\W_]+")


class Verdict(StrEnum):
    """What to do with a guess."""

    ACCEPT = "accept"
    RETRY = "retry"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a recogniser made of one stretch of sound."""

    text: str
    mean_logprob: float
    no_speech_ratio: float
    audio_s: float


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


def repeats(text: str) -> bool:
    """Whether the text is a loop: up to six words said four times in a row, or hardly any news."""
    words = _folded(text).split()
    for size in range(1, 7):
        for start in range(len(words) - 4 * size + 1):
            unit = words[start : start + size]
            if all(words[start + n * size : start + (n + 1) * size] == unit for n in (1, 2, 3)):
                return True
    raw = text.encode()
    return len(raw) > 80 and len(raw) / len(zlib.compress(raw)) > LOOP_COMPRESSION


def is_stock_phrase(text: str) -> bool:
    """Whether the text is one that a recogniser writes under silence."""
    folded = _folded(text)
    return any(folded.startswith(phrase) for phrase in _STOCK)


def judge(guess: Guess) -> Verdict:
    """Whether to take the guess, to try again with a longer window, or to hear nothing."""
    words = _WORD.findall(guess.text)
    if guess.no_speech_ratio > NO_SPEECH_RATIO and guess.mean_logprob < UNSURE_LOGPROB:
        return Verdict.NOTHING
    if not words:
        return Verdict.NOTHING
    if is_stock_phrase(guess.text):
        return Verdict.NOTHING
    too_many = len(words) > 3 + MAX_WORDS_PER_S * guess.audio_s
    if too_many or guess.mean_logprob < HOPELESS_LOGPROB or repeats(guess.text):
        return Verdict.RETRY
    return Verdict.ACCEPT
