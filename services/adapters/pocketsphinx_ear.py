"""The last resort for hearing: pocketsphinx, English only, in a child process of its own.

It holds the interpreter's lock while it decodes, so it must not share a process with sound. Half
of a telephone speaker's words are wrong: the page says that this ear is in use.

    python -m services.adapters.pocketsphinx_ear        the child: frames on stdin and stdout
"""

import asyncio
import contextlib
import importlib.util
import sys
from pathlib import Path

from services.core.errors import BackendError
from services.speech.audio import level
from services.speech.ports import Language
from services.speech.wire import frame, json_frame, parse_json, read_frame, read_frame_from

SILENT_LEVEL = 0.001
"""Below -60 dBFS nobody spoke, and this engine would make words of it."""


class PocketsphinxEar:
    """Recognises English one utterance at a time; the child starts with the first one."""

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        """`pocketsphinx`."""
        return "pocketsphinx"

    def languages(self) -> frozenset[Language]:
        """English, or none when the package is not installed."""
        return frozenset({"en"}) if importlib.util.find_spec("pocketsphinx") else frozenset()

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        """Text of PCM int16 mono 16 kHz, "" when nothing was said.

        Cancelling ends the child; the next utterance starts another. Raises: BackendError.
        """
        if language not in self.languages():
            raise BackendError("pocketsphinx does not know that language", retryable=False)
        if level(pcm) < SILENT_LEVEL:
            return ""
        async with self._turn:
            child = await self._running()
            try:
                answer = await _exchange(child, pcm)
            except BaseException:
                await self._end()
                raise
        return str(answer.get("text", ""))

    async def _running(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services.adapters.pocketsphinx_ear",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=Path(__file__).parents[2],
            )
        return self._child

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            if child.stdout is not None:
                await child.stdout.read()  # a pipe that was not read to its end stays open

    async def aclose(self) -> None:
        """Ends the child."""
        await self._end()


async def _exchange(child: asyncio.subprocess.Process, pcm: bytes) -> dict[str, object]:
    if child.stdin is None or child.stdout is None:
        raise BackendError("the pocketsphinx process has no pipes")
    try:
        child.stdin.write(frame(pcm))
        await child.stdin.drain()
        return parse_json(await read_frame(child.stdout))
    except (OSError, asyncio.IncompleteReadError):
        raise BackendError("the pocketsphinx process went away") from None


def main() -> int:
    """The child: decodes one frame of PCM after another until its input ends."""
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=16000, loglevel="FATAL", fwdflat=False)
    while (pcm := read_frame_from(sys.stdin.buffer)) is not None:
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        sys.stdout.buffer.write(json_frame({"text": found.hypstr if found else ""}))
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
