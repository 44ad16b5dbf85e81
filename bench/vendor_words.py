"""What the vendor's stub says: the same words for the same prompt, in the prompt's language."""

import hashlib
import itertools
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

SHORT = {"fr": "Voyons cela.", "en": "Let us see."}
"""A formula, which anybody may say again."""

_LONGER_THAN = 4
"""Whoever asks for no more words gets the formula."""

_PARTS = {
    "fr": (
        "Franchement|Hier|Demain|Ailleurs|Souvent|Dehors|Parfois|Naguère|Bientôt|Aussitôt|Désormais"
        "|Longtemps|Volontiers|Jadis|Partout|Lentement",
        "le port|la mairie|le canal|la ferme|le musée|la gare|le marché|la forêt|le théâtre|la mine"
        "|le stade|la poste|le jardin|la banque|le moulin|la plage",
        "cache|paie|freine|double|montre|porte|garde|vend|change|perd|trouve|tient|prend|casse"
        "|dépasse|mesure",
        "le prix|la dette|le toit|la loi|le mur|la carte|le sable|la clé|le train|la preuve"
        "|le projet|la somme|le contrat|la route|le bail|la prime",
        "citez|craignez|vantez|niez|signez|cherchez|aimez|refusez|donnez|quittez|oubliez|lisez"
        "|jugez|gagnez|louez|visez",
    ),
    "en": (
        "Frankly|Yesterday|Tomorrow|Elsewhere|Often|Outside|Sometimes|Lately|Soon|Overnight|Upstream"
        "|Quietly|Gladly|Formerly|Everywhere|Slowly",
        "harbour|council|canal|farm|museum|station|market|forest|theatre|mine|stadium|school|garden"
        "|bank|mill|beach",
        "hides|pays|slows|doubles|shows|carries|keeps|sells|changes|loses|finds|holds|takes|breaks"
        "|beats|counts",
        "price|debt|roof|law|wall|map|sand|key|train|proof|plan|sum|lease|road|fee|bonus",
        "quote|fear|praise|deny|signed|seek|love|refuse|gave|left|forget|read|judge|won|rent|name",
    ),
}
_SENTENCE = {
    "fr": "{}, {} {} {} que vous {}.",
    "en": "{}, the {} {} the {} you {}.",
}


def language_of(texts: Sequence[str]) -> str:
    """`fr` or `en`, whichever the texts look more like."""
    whole = " ".join(texts)
    return "fr" if len(_FRENCH.findall(whole)) >= len(_ENGLISH.findall(whole)) else "en"


def answer(texts: Sequence[str], *, words: int) -> str:
    """Whole sentences of about `words` words, chosen by the texts alone: none that they hold.

    Other texts get other sentences, so that a cast does not seem to repeat itself.
    """
    language = language_of(texts)
    if words <= _LONGER_THAN:
        return SHORT[language]
    told = "\x00".join(texts)
    draws = (hashlib.sha256(f"{at}\x00{told}".encode()).digest() for at in itertools.count())
    chosen: list[str] = []
    while sum(len(line.split()) for line in chosen) < words:
        one = _sentence(next(draws), language)
        if one not in told and one not in chosen:
            chosen.append(one)
    return " ".join(chosen)


def _sentence(draw: bytes, language: str) -> str:
    """Eight or nine words, of a million sentences."""
    parts = [part.split("|") for part in _PARTS[language]]
    words = [part[byte % len(part)] for part, byte in zip(parts, draw, strict=False)]
    return _SENTENCE[language].format(*words)


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
