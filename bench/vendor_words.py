"""What the vendor's stub says: the same words for the same prompt, in the prompt's language."""

import hashlib
import math
import re
from array import array
from collections.abc import Sequence

SAMPLE_RATE_HZ = 24000
_CHARS_SPOKEN_PER_S = 15.0

_FRENCH = re.compile(
    r"(?i)\b(?:le|la|les|des|une|est|vous|nous|et|que|dans|pour)\b|[éèàçêù]", re.IGNORECASE
)
_ENGLISH = re.compile(r"(?i)\b(?:the|and|you|we|is|are|of|to|that|for|with)\b")

_LINES = {
    "fr": (
        "Permettez-moi de vous reprendre sur ce point précis.",
        "Les chiffres que vous citez ne disent pas tout.",
        "Je vous écoute, mais je ne suis pas encore convaincu.",
        "Vous évitez la question depuis tout à l'heure.",
        "Nos équipes ont besoin d'une réponse claire ce soir.",
        "C'est une promesse que nous avons déjà entendue.",
    ),
    "en": (
        "Let me stop you on that very point.",
        "The figures you quote do not tell the whole story.",
        "I hear you, but I am not convinced yet.",
        "You have been avoiding the question for a while now.",
        "Our teams need a clear answer before tonight.",
        "That is a promise we have already heard before.",
    ),
}


def language_of(texts: Sequence[str]) -> str:
    """`fr` or `en`, whichever the texts look more like."""
    whole = " ".join(texts)
    return "fr" if len(_FRENCH.findall(whole)) >= len(_ENGLISH.findall(whole)) else "en"


def answer(texts: Sequence[str], *, words: int) -> str:
    """Whole sentences of about `words` words, chosen by the texts alone."""
    lines = _LINES[language_of(texts)]
    start = hashlib.sha256("\x00".join(texts).encode()).digest()[0]
    chosen: list[str] = []
    while sum(len(line.split()) for line in chosen) < words:
        chosen.append(lines[(start + len(chosen)) % len(lines)])
    return " ".join(chosen)


def tokens(text: str) -> int:
    """A count that grows with the text; a stub has no tokenizer."""
    return math.ceil(len(text) / 4)


def tone(text: str, *, voice: str) -> bytes:
    """PCM int16 mono 24 kHz, as long as the text takes to say; each voice has its own pitch."""
    pitch_hz = 120 + hashlib.sha256(voice.encode()).digest()[0]
    period = SAMPLE_RATE_HZ // pitch_hz
    wave = array("h", (int(9000 * math.sin(math.tau * n / period)) for n in range(period)))
    seconds = max(0.3, len(text) / _CHARS_SPOKEN_PER_S)
    return (wave * math.ceil(seconds * SAMPLE_RATE_HZ / period)).tobytes()
