"""English voices by Kokoro-82M through onnxruntime: nearer to people, slower to begin.

Switched on by settings. A clause costs 0.3 s of one core for each second of sound and is whole
before its first sound; phonemes come from `espeak-ng --ipa`. One thread, one line at a time.
"""

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.core.errors import BackendError
from services.speech.audio import VoiceChain, amplified, gain_of, pcm16
from services.speech.ports import SAMPLE_RATE_HZ, Language, VoiceChoice
from services.speech.spoken import plain
from services.speech.weights import KOKORO, assemble, check_folder, is_packaged

MODEL_FILES = ("model.onnx", "vocab.json", "voices.npz")
MAX_TOKENS = 500
PHONEMES_S = 3.0

_CLAUSE = re.compile(r"(?<=[.!?;:…])\s+|(?<=,)\s+(?=.{20})")
_IPA = str.maketrans({"ɝ": "ɜ", "r": "ɹ", "g": "ɡ", "\u200d": None, "\u0361": None, "_": None})
_AFFRICATES = (("tʃ", "ʧ"), ("dʒ", "ʤ"), ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("ɔɪ", "Y"))
_AMERICAN = (*_AFFRICATES, ("oʊ", "O"), ("əʊ", "O"), ("ɚ", "əɹ"))
"""espeak's IPA to the letters Kokoro was trained on. Source: the published vocab.json."""

Style = NDArray[np.float32]


def phonemes_of(ipa: str) -> str:
    """One line of espeak's IPA in Kokoro's alphabet."""
    text = ipa.strip()
    for theirs, ours in _AMERICAN:
        text = text.replace(theirs, ours)
    return text.translate(_IPA)


def parse_blend(voice: str) -> tuple[tuple[str, float], ...]:
    """`jf_alpha:0.5+jm_kumo:0.5` as names and shares that sum to 1. Raises: BackendError."""
    parts = []
    for piece in voice.split("+"):
        name, _, share = piece.partition(":")
        if not re.fullmatch(r"[a-z_]{1,32}", name) or not re.fullmatch(r"(0?\.\d+|1)?", share):
            raise BackendError("no such Kokoro voice", retryable=False)
        parts.append((name, float(share or 1)))
    total = sum(share for _, share in parts)
    return tuple((name, share / total) for name, share in parts)


class _Model:
    """The network and its styles; used by one thread."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._options = onnxruntime.RunOptions
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._vocab: Mapping[str, int] = json.loads((folder / "vocab.json").read_text())["vocab"]
        with np.load(folder / "voices.npz") as styles:
            self._styles: dict[str, Style] = {name: styles[name] for name in styles.files}

    def run_options(self) -> Any:
        """Handed to `render`; setting its `terminate` from another thread stops it."""
        return self._options()

    def style(self, voice: str) -> Style:
        """Raises: BackendError for a name that is not there."""
        blend = parse_blend(voice)
        if any(name not in self._styles for name, _ in blend):
            raise BackendError("no such Kokoro voice", retryable=False)
        styles = [self._styles[name] * share for name, share in blend]
        mixed: Style = np.sum(styles, axis=0).astype(np.float32)
        return mixed

    def render(self, phonemes: str, style: Style, pace: float, run: Any) -> NDArray[np.float32]:
        """Sound in [-1, 1] at 24 kHz, none for no phonemes. Raises: BackendError when stopped."""
        tokens = [self._vocab[c] for c in phonemes if c in self._vocab][:MAX_TOKENS]
        if not tokens:
            return np.zeros(0, dtype=np.float32)
        feeds = {
            "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
            "style": style[min(len(tokens), len(style)) - 1].reshape(1, -1).astype(np.float32),
            "speed": np.array([pace], dtype=np.float32),
        }
        try:
            (sound, *_) = self._session.run(None, feeds, run)
        except Exception as error:  # noqa: BLE001 - onnxruntime raises its own kinds
            raise BackendError(f"kokoro failed: {type(error).__name__}") from None
        return np.asarray(sound, dtype=np.float32).ravel()


class KokoroVoices:
    """The `kokoro` engine. Voices are names of styles, or blends: `jf_alpha:0.5+jm_kumo:0.5`."""

    def __init__(self, data_dir: Path, *, model_path: Path | None = None) -> None:
        """Raises: NotFound when `model_path` lacks a file; the message names KOKORO_MODEL_PATH."""
        self._data_dir, self._folder = data_dir, model_path
        if model_path is not None:
            check_folder(model_path, needs=MODEL_FILES, variable="KOKORO_MODEL_PATH")
        self._espeak = shutil.which("espeak-ng")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kokoro")
        self._model: _Model | None = None

    @property
    def name(self) -> str:
        """`kokoro`."""
        return "kokoro"

    def languages(self) -> frozenset[Language]:
        """English, or none when the weights or espeak-ng are missing."""
        there = self._folder is not None or is_packaged(KOKORO)
        return frozenset({"en"}) if there and self._espeak else frozenset()

    async def warm(self) -> None:
        """Loads the model ahead of the first line: 0.5 s, 290 MB."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._loaded)

    def _loaded(self) -> _Model:
        if self._model is None:
            self._model = _Model(self._folder or assemble(KOKORO, self._data_dir / "models"))
        return self._model

    async def speak(self, text: str, voice: VoiceChoice) -> AsyncIterator[bytes]:
        """Blocks of PCM int16 mono 24 kHz, clause by clause; closing early stops the network.

        Raises: BackendError.
        """
        words = plain(text)
        if not words:
            return
        loop = asyncio.get_running_loop()
        model = await loop.run_in_executor(self._thread, self._loaded)
        style, gain = model.style(voice.voice), gain_of(voice.extra)
        pace = min(2.0, max(0.5, voice.pace_ratio))
        run = model.run_options()
        chain = VoiceChain(SAMPLE_RATE_HZ)
        try:
            for clause in _CLAUSE.split(words):
                phonemes = phonemes_of(await self._ipa(clause)) + clause[-1:]
                sound = await loop.run_in_executor(
                    self._thread, model.render, phonemes, style, pace, run
                )
                for block in chain.feed(amplified(pcm16(sound), gain)):
                    yield block
            for block in chain.flush():
                yield block
        finally:
            run.terminate = True

    async def _ipa(self, clause: str) -> str:
        child = await asyncio.create_subprocess_exec(
            self._espeak or "espeak-ng",
            *("--ipa", "-q", "--stdin", "-b", "1", "-v", "en-us"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PHONEMES_S):
                ipa, _ = await child.communicate(clause.encode())
        except TimeoutError:
            raise BackendError("espeak-ng gave no phonemes") from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
            if child.stdout is not None:
                await child.stdout.read()  # a pipe that was not read to its end stays open
        return " ".join(ipa.decode(errors="replace").split())

    async def aclose(self) -> None:
        """Ends the thread once its clause is done."""
        self._thread.shutdown(wait=False, cancel_futures=True)
