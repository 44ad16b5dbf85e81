"""What one model has said so far, and when: what its attempt is judged by."""

from dataclasses import dataclass

from services.llm.outcome import Usage
from services.llm.ports import Delta
from services.llm.sentences import useful

_CUT_SHORT = frozenset({"length", "content_filter"})
"""Finishes of an answer that is not whole."""


@dataclass(slots=True)
class Heard:
    """The words of one stream. Times are monotonic seconds.

    `room_chars` is how much more is taken: a longer answer ends there as at its token limit.
    `first_s` is the time of the first useful word, `last_s` of the latest piece, `finished_s` the
    one at which the model said that the answer is whole.
    """

    room_chars: int
    text: str = ""
    pieces: int = 0
    first_s: float | None = None
    last_s: float = 0.0
    finished_s: float | None = None
    finish: str | None = None
    usage: Usage | None = None

    def take(self, delta: Delta, now_s: float) -> str:
        """Adds a piece; what of its text is taken."""
        text, finish = delta.text, delta.finish
        if text:
            if len(text) >= self.room_chars:
                text, finish = text[: self.room_chars], "length"
            self.room_chars -= len(text)
            self.text += text
            self.pieces += 1
            self.last_s = now_s
            if self.first_s is None and useful(text):
                self.first_s = now_s
        if delta.usage is not None:
            self.usage = delta.usage
        if finish is not None:
            self.finish = finish
            if finish not in _CUT_SHORT and useful(self.text):
                self.finished_s = now_s
        return text

    def drips(self, now_s: float) -> bool:
        """Whether pieces still come, at the pace of those before."""
        if self.first_s is None or self.pieces < 2:
            return False
        gap_s = (self.last_s - self.first_s) / (self.pieces - 1)
        return now_s - self.last_s <= 2 * gap_s
