"""When streamed words may be spoken: at once while nothing is said, then a sentence at a time.

The first sentence goes out word by word, because the voice waits for it. Later ones are held until
they are whole: they are there long before the voice needs them, and an answer that breaks off then
ends at a sentence.
"""

import re
from itertools import pairwise

_END = re.compile(r"[.!?…]+[\"'»”)\]\u00a0\u202f ]*(?=\s|$)|\n")
_MARK = re.compile(r"[.!?…\n]")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«\"'’])(?:[A-Z]|MM|Mme|Mlle|Me|Mr|Mrs|Ms|Dr|Pr|St|etc|cf|p)\.$"
)
_LAST_SPACE = re.compile(r"\s\S*$")
_SPOKEN = re.compile(r"\w")


def useful(text: str) -> bool:
    """Whether there is anything to say in it."""
    return _SPOKEN.search(text) is not None


class SentenceGate:
    """Takes pieces as they come and gives what may be spoken, each character once, in order.

    A gate that goes on for another one is told what that one `said`, and whether it stopped
    `midway` in a sentence.
    """

    def __init__(self, said: str = "", *, midway: bool = False) -> None:
        self._held = ""
        self._said = said
        self._whole = bool(said) and not midway
        self._marked = False

    @property
    def said(self) -> str:
        """All that was given out."""
        return self._said

    @property
    def midway(self) -> bool:
        """Whether what was given out stops inside its first sentence."""
        return bool(self._said) and not self._whole

    def feed(self, piece: str) -> str:
        """What may be spoken now that `piece` came; often nothing."""
        self._held += piece
        self._marked = self._marked or _MARK.search(piece) is not None
        if (self._whole and not self._marked) or not useful(self._held):
            return ""
        if not self._said:
            self._held = self._held.lstrip()
        if self._marked:
            end = _last_end(
                self._held[: len(self._held.rstrip())], open_ended=not self._held[-1].isspace()
            )
            if end or self._whole:
                self._whole = True
                return self._give(end)
        return self._give(_last_space(self._held))

    def finish(self) -> str:
        """The rest of an answer that came whole."""
        self._held = self._held.rstrip()
        return self._give(len(self._held))

    def settle(self) -> str:
        """The held whole sentences of an answer that another one may continue; drops the rest."""
        end = _last_end(self._held, open_ended=False) if useful(self._held) else 0
        self._whole = self._whole or end > 0
        text = self._give(end)
        self._held = ""
        return text

    def close(self) -> str:
        """What ends an answer that broke off: its held whole sentences, or a trailing-off."""
        end = _last_end(self._held, open_ended=False) if useful(self._held) else 0
        if end or self._whole or not self._said:
            return self._give(end)
        self._said += "…"
        return "…"

    def _give(self, length: int) -> str:
        if not length:
            return ""
        text, self._held = self._held[:length], self._held[length:]
        self._said += text
        self._marked = self._marked and _MARK.search(self._held) is not None
        return text


def split(text: str) -> list[str]:
    """The sentences of a text, the last one perhaps unfinished; joined they are the text."""
    ends = [0, *_ends(text)]
    parts = [text[start:end] for start, end in pairwise(ends)]
    return [*parts, text[ends[-1] :]] if ends[-1] < len(text) else parts


def _ends(text: str) -> list[int]:
    return [
        match.end()
        for match in _END.finditer(text)
        if not _ABBREVIATION.search(text[: match.start() + 1])
    ]


def _last_end(text: str, *, open_ended: bool) -> int:
    """Where the last whole sentence ends; an `open_ended` text may still go on where it stops."""
    ends = [end for end in _ends(text) if not open_ended or end < len(text)]
    return ends[-1] if ends else 0


def _last_space(text: str) -> int:
    """Where the last whole word ends."""
    found = _LAST_SPACE.search(text)
    return found.start() if found else 0
