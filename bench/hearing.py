"""How well and how cheaply the ears hear recorded people: word errors and CPU time an utterance.

The speakers are two telephone announcers at 8 kHz (`bench.recordings`): a hard case, and the only
human speech that packages bring. Texts with digits are left out: ways of writing differ.
"""

import os
import random
import re
import resource
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from bench.recordings import RATE_HZ, Language, recording, resample, silence, transcripts
from bench.table import Table
from services.adapters.pocketsphinx_ear import PocketsphinxEar
from services.adapters.whisper_ear import WhisperEar, ensure_host, plan_host, start_host
from services.speech.ports import Ear

HEARING_HZ = 16000
CLIPS = 40
LANGUAGES: tuple[Language, ...] = ("en", "fr")
_WORDS = range(4, 26)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """`error_ratio` is word errors over words said; seconds are medians over the utterances."""

    error_ratio: float
    heard_s: float
    said_s: float


def words_of(text: str) -> list[str]:
    """Words without case, accents and punctuation: what a person would count as heard."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Substitutions, insertions and deletions between two lists of words (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            substituted = diagonal + (word != other)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, substituted)
    return row[-1]


def clips(language: Language, count: int) -> list[str]:
    """Names of `count` recordings with 4 to 25 words, always the same ones."""
    fitting = sorted(
        name
        for name, text in transcripts(language).items()
        if len(words_of(text)) in _WORDS and not re.search(r"[\d\[#*(]", text)
    )
    random.Random(1).shuffle(fitting)
    return list(islice((name for name in fitting if _recorded(name, language)), count))


def _recorded(name: str, language: Language) -> bool:
    try:
        return len(recording(name, language)) > 0
    except FileNotFoundError:
        return False


def pcm_of(name: str, language: Language) -> bytes:
    """A recording as an ear gets it: int16 mono 16 kHz with 0.3 s of silence at both ends."""
    edge = silence(0.3)
    padded = np.concatenate((edge, recording(name, language), edge))
    return resample(padded, RATE_HZ, HEARING_HZ).tobytes()


async def score(ear: Ear, language: Language, names: Sequence[str]) -> Score:
    """What the ear makes of these recordings."""
    wrong = total = 0
    heard_s, said_s = [], []
    for name in names:
        pcm, said = pcm_of(name, language), words_of(transcripts(language)[name])
        began = time.perf_counter()
        text = await ear.recognise(pcm, language=language)
        heard_s.append(time.perf_counter() - began)
        said_s.append(len(pcm) / 2 / HEARING_HZ)
        wrong += word_errors(said, words_of(text))
        total += len(said)
    middle = len(names) // 2
    return Score(
        error_ratio=wrong / total, heard_s=sorted(heard_s)[middle], said_s=sorted(said_s)[middle]
    )


async def measure() -> Iterable[Table]:
    """The packaged ears on 40 recordings a language."""
    columns = ("ear", "language", "word errors %", "utterance s", "until the text s", "CPU s")
    return [
        Table(
            title="Hearing recorded people",
            columns=columns,
            rows=(*await _whisper(), await _pocketsphinx()),
            note=f"{CLIPS} telephone recordings (8 kHz) of one announcer a language; medians, "
            "CPU time as a mean an utterance.",
        )
    ]


async def _whisper() -> list[tuple[str, ...]]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        plan = plan_host(Path(folder), idle_exit_s=60)
        host = start_host(plan)
        try:
            await ensure_host(plan)
            for language in LANGUAGES:
                before_s = _cpu_s(host.pid)
                result = await score(WhisperEar(plan), language, clips(language, CLIPS))
                cpu_s = (_cpu_s(host.pid) - before_s) / CLIPS
                rows.append(_row("whisper-base", language, result, cpu_s))
        finally:
            host.terminate()
            host.wait()
    return rows


async def _pocketsphinx() -> tuple[str, ...]:
    ear = PocketsphinxEar()
    before_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    try:
        result = await score(ear, "en", clips("en", CLIPS))
    finally:
        await ear.aclose()
    cpu_s = (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before_s) / CLIPS
    return _row("pocketsphinx", "en", result, cpu_s)


def _cpu_s(pid: int) -> float:
    """User and system time of a running process."""
    cells = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


def _row(ear: str, language: str, result: Score, cpu_s: float) -> tuple[str, ...]:
    wrong, said, heard = 100 * result.error_ratio, result.said_s, result.heard_s
    return (ear, language, f"{wrong:.1f}", f"{said:.1f}", f"{heard:.2f}", f"{cpu_s:.2f}")
