"""From words to frames: whose they are, and where a listener may react."""

from collections.abc import AsyncGenerator, AsyncIterator

from livekit import rtc

from agents.manager.beats import Beat, BeatKind
from agents.stage.performance import Performance
from agents.stage.speaking import OPENS_SENTENCE, frames_of
from services.core.errors import BackendError
from tests.fakes.speech import tone


class Brief:
    """Speaks every clause in 0.1 s; `spoken` are the clauses."""

    def __init__(self, *, dumb: bool = False) -> None:
        self.spoken: list[str] = []
        self._dumb = dumb

    async def speak(self, persona: str, text: str) -> AsyncGenerator[bytes, None]:
        if self._dumb:
            raise BackendError("no voice")
        self.spoken.append(text)
        yield tone(0.1)


async def frames(text: str, voices: Brief) -> list[rtc.AudioFrame]:
    beat = Beat(id="1", persona="morel", kind=BeatKind.ANSWER, phase="debat")
    performance = Performance(key="1.1", beat=beat)

    async def words() -> AsyncIterator[str]:
        for word in text.split():
            performance.add(f"{word} ")
            yield f"{word} "

    return [frame async for frame in frames_of(performance, words(), voices)]


async def test_every_frame_is_a_whole_number_of_ticks_and_names_its_performance() -> None:
    given = await frames("Le fret recule. Il faut agir.", Brief())

    assert {frame.samples_per_channel % 240 for frame in given} == {0}
    assert {frame.userdata["performance"] for frame in given} == {"1.1"}


async def test_a_sentence_opens_behind_a_whole_one_and_nowhere_else() -> None:
    voices = Brief()
    given = await frames("Le fret recule depuis dix ans déjà. Il faut agir. Vite.", voices)

    opening = [at for at, frame in enumerate(given) if OPENS_SENTENCE in frame.userdata]
    assert voices.spoken == ["Le fret recule depuis dix", "ans déjà.", "Il faut agir.", "Vite."]
    assert opening == [10, 15]


async def test_a_line_that_stands_as_text_alone_has_its_sentences_too() -> None:
    given = await frames("Le fret recule. Il faut agir.", Brief(dumb=True))

    assert sum(OPENS_SENTENCE in frame.userdata for frame in given) == 1
