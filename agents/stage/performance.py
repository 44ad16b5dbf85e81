"""A beat while it is being performed: its words as they come, its sound as it is heard.

Owns the arithmetic of "how much of it was really heard". Knows nothing of tracks or streams.
"""

import asyncio
import time
from dataclasses import dataclass, field

from agents.manager.beats import Beat

CHARACTERS_PER_S = 15.0
"""Speech rate assumed for text whose sound is not all there yet (French and English, voices at
pace 1; measured on the embedded engines: 13 to 17)."""


@dataclass(slots=True, eq=False)
class Performance:
    """One beat on its way from words to sound.

    `sent_s` is sound handed to the sink, `heard_s` what was played of it, `ahead_s` the part of
    that which still waits for the wire. `silent` when no voice could speak it and it stands as
    text alone, `followed` when another line of the same plan comes after it. `asked_s`, `word_s`,
    `voice_s` are when it was begun, when its first word came and when its first sound was made
    (`time.monotonic()`).
    """

    key: str
    beat: Beat
    source: str = "understudy"
    text: str = ""
    sent_s: float = 0.0
    heard_s: float = 0.0
    ahead_s: float = 0.0
    cut: bool = False
    silent: bool = False
    followed: bool = False
    started: asyncio.Event = field(default_factory=asyncio.Event)
    asked_s: float = field(default_factory=time.monotonic)
    word_s: float | None = None
    voice_s: float | None = None
    _counted: int = 0

    def add(self, words: str) -> None:
        """More of its words came."""
        if self.word_s is None:
            self.word_s = time.monotonic()
        self.text += words

    @property
    def persona(self) -> str:
        """Whose voice it is."""
        return self.beat.persona

    def heard_words(self) -> int:
        """How many of the words so far have been heard, by the share of sound that was played.

        Never above the truth by more than a word: the text's own length bounds the total from
        below while sound is still being made. Never less than before: a caption takes nothing back.
        """
        words = self.text.split()
        if self.silent:
            return len(words)
        total_s = max(self.sent_s, len(self.text) / CHARACTERS_PER_S)
        if total_s <= 0:
            return 0
        heard_s = max(self.heard_s - self.ahead_s, 0.0)
        self._counted = max(self._counted, min(len(words), int(len(words) * heard_s / total_s)))
        return self._counted

    def heard_text(self) -> str:
        """What the person heard: all of it, or the words before the cut."""
        words = self.text.split()
        return " ".join(words[: self.heard_words()] if self.cut else words)
