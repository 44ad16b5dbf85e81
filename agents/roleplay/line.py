"""What is to be written for a beat, and its words as they come."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from agents.cast.prompts import Prompt
from agents.manager.beats import Beat
from services.llm.answer import Answer
from services.llm.outcome import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What a listener lets fall: never a turn, and nobody waits for it."""

    persona: str
    text: str
    moment: str = ""


class Line:
    """The words of one beat, iterated once. They are asked for when the line is made."""

    def __init__(
        self,
        beat: Beat,
        words: AsyncIterator[str],
        source: Callable[[], Source],
        answer: Answer | None = None,
    ) -> None:
        self.beat = beat
        self._words = words
        self._source = source
        self._answer = answer

    @property
    def source(self) -> Source:
        """What serves it; certain once the last word has come."""
        return self._source()

    def __aiter__(self) -> AsyncIterator[str]:
        return self._words

    async def aclose(self) -> None:
        """Ends the vendor's stream, also when nobody began to read."""
        if self._answer is not None:
            await self._answer.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A line to be written.

    `heard` is what the learner just said, for the authored answers. `free` takes the author's
    words, because nobody is there to pay for. `private` unless the prompt holds nothing that a
    person said: then other sessions of the scene may share the answer. `said` are the cast's
    latest lines and those that come before this one: it must not say the same. `ever` are all that
    were said in the scene: none is said word for word again. A `patient` line is not waited for: it
    may be held until its first sentence is whole. `person` is the name of the person in the room.
    """

    beat: Beat
    prompt: Callable[[], Prompt]
    heard: str = ""
    free: bool = False
    private: bool = True
    said: Callable[[], Sequence[str]] = tuple
    ever: Callable[[], Sequence[str]] = tuple
    patient: Callable[[], bool] = bool
    person: str = ""
