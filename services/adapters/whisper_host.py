"""The hearing process: Whisper through faster-whisper, one a machine, shared by all rooms.

    python -m services.adapters.whisper_host --socket PATH [--model FOLDER | --data-dir FOLDER]

Prints one line `ready SOCKET` when it listens; with `--detach` it returns then and works on alone.
Exit codes: 0 ended or another host is there, 3 the model cannot be had.
"""

import argparse
import asyncio
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.core.errors import BackendError, NotFound
from services.speech.detaching import Ready, detached, say
from services.speech.hosting import AlreadyRunning, Host, Work, sole_owner
from services.speech.transcripts import Guess, Verdict, judge
from services.speech.weights import WHISPER_BASE, assemble, check_folder

EXIT_NO_MODEL = 3
RATE_HZ = 16000
FRAMES_PER_S = 100
WINDOWS = (1000, 2000, 3000)
"""Encoder windows in frames of 10 ms: a short one costs a quarter of the stock 3000."""

MARGIN_FRAMES = 100
"""Silence that must stay behind the speech: windows fitted to the speech lose words."""

LONGEST_S = 28.0
QUIET_FROM_S = 18.0
"""Longer sound is cut at its quietest instant between these two."""

Audio = NDArray[np.float32]


class Recogniser:
    """Whisper with the language fixed, greedy, one thread. Not safe for several threads."""

    def __init__(self, folder: Path) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer

        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
        self._tokenizers = {
            language: Tokenizer(
                self._model.hf_tokenizer, True, task="transcribe", language=language
            )
            for language in ("fr", "en")
        }

    def recognise(self, audio: Audio, language: str) -> str:
        """The words, "" when there are none."""
        return " ".join(text for part in pieces(audio) if (text := self._piece(part, language)))

    def _piece(self, audio: Audio, language: str) -> str:
        features = self._model.feature_extractor(audio, padding=160)
        wanted = features.shape[-1] + MARGIN_FRAMES
        windows = [size for size in WINDOWS if size >= wanted] or [WINDOWS[-1]]
        for window in windows[:2]:
            guess = self._guess(features, window, language, len(audio) / RATE_HZ)
            verdict = judge(guess)
            if verdict is not Verdict.RETRY:
                return guess.text if verdict is Verdict.ACCEPT else ""
        return ""

    def _guess(
        self, features: NDArray[np.float32], window: int, language: str, audio_s: float
    ) -> Guess:
        fitted = np.zeros((features.shape[0], window), dtype=np.float32)
        used = min(window, features.shape[1])
        fitted[:, :used] = features[:, :used]
        tokenizer = self._tokenizers[language]
        prompt = self._model.get_prompt(tokenizer, [], without_timestamps=False)
        (result,) = self._model.model.generate(
            self._model.encode(fitted),
            [prompt],
            beam_size=1,
            max_length=min(448, len(prompt) + int(16 + 10 * audio_s)),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1],
            max_initial_timestamp_index=50,
        )
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        return Guess(
            text=tokenizer.decode(tokens).strip(),
            mean_logprob=float(result.scores[0]),
            no_speech_ratio=float(result.no_speech_prob),
            audio_s=audio_s,
        )


def pieces(audio: Audio) -> list[Audio]:
    """The sound in pieces of at most LONGEST_S, cut where it is quietest."""
    out = []
    frame = RATE_HZ // 10
    while len(audio) > LONGEST_S * RATE_HZ:
        start, end = int(QUIET_FROM_S * RATE_HZ), int(LONGEST_S * RATE_HZ)
        stretch = audio[start:end]
        energy = (stretch[: len(stretch) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
        at = start + int(np.argmin(energy)) * frame + frame // 2
        out.append(audio[:at])
        audio = audio[at:]
    return [*out, audio]


def work_of(recogniser: Recogniser) -> Work:
    """The host's work: `{"language": ...}` and PCM int16 mono 16 kHz in, `{"text": ...}` out."""

    def work(header: dict[str, Any], pcm: bytes) -> dict[str, Any]:
        language = header.get("language")
        if language not in ("fr", "en") or len(pcm) % 2:
            raise BackendError("malformed request to the hearing host", status=400)
        audio = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0
        began = time.perf_counter(), time.thread_time()
        text = recogniser.recognise(audio, language)
        return {
            "text": text,
            "work_s": round(time.perf_counter() - began[0], 4),
            "cpu_s": round(time.thread_time() - began[1], 4),
        }

    return work


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="whisper_host", description="the hearing process")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="a CTranslate2 folder")
    parser.add_argument("--data-dir", type=Path, default=Path("var"), help="for packaged weights")
    parser.add_argument("--queue", type=int, default=8, help="requests that may wait")
    parser.add_argument("--idle-exit-s", type=float, help="end after this long without work")
    parser.add_argument("--detach", action="store_true", help="return once the host is ready")
    return parser.parse_args()


def model_folder(model: Path | None, data_dir: Path) -> Path:
    """The given folder, or the packaged model assembled in the data folder. Raises: NotFound."""
    if model is not None:
        needs = ("model.bin", "config.json", "tokenizer.json")
        return check_folder(model, needs=needs, variable="WHISPER_MODEL_PATH")
    return assemble(WHISPER_BASE, data_dir / "models")


def main() -> int:
    """Runs the host until it is told to stop. Returns the exit code."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    args = _arguments()
    return detached(lambda ready: _host(args, ready)) if args.detach else _host(args, say)


def _host(args: argparse.Namespace, ready: Ready) -> int:
    try:
        with sole_owner(args.socket):
            recogniser = Recogniser(model_folder(args.model, args.data_dir))
            host = Host(work_of(recogniser), args.queue, args.idle_exit_s)
            line = f"ready {args.socket}"
            asyncio.run(host.serve(args.socket, ready=lambda: ready(line)))
    except AlreadyRunning:
        ready(f"already running {args.socket}")
    except NotFound as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NO_MODEL
    return 0


if __name__ == "__main__":
    sys.exit(main())
