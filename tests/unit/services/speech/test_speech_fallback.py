"""Dead and slow engines: the next one takes over, and the caller learns what was really spoken."""

from collections.abc import AsyncGenerator

import pytest

from services.core.errors import BackendError, BackendTimeout
from services.speech.audio import duration_s
from services.speech.fallback import (
    HEARING_S_PER_S,
    LONGEST_UTTERANCE_S,
    REST_S,
    EarChain,
    VoiceDied,
    Voices,
)
from services.speech.ports import VoiceChoice
from tests.fakes.clock import FakeClock, LoopClock
from tests.fakes.speech import FakeEar, FakeVoice, tone

LINE = "Bonsoir et bienvenue sur ce plateau."
VOICE = VoiceChoice(engine="espeak", voice="fr+f2", language="fr")
SOUND = tone(1.0)


async def collect(voices: Voices, heard: list[bytes]) -> None:
    async for block in voices.speak(LINE, VOICE):
        heard.append(block)


async def sound_of(voices: Voices, voice: VoiceChoice = VOICE) -> bytes:
    return b"".join([block async for block in voices.speak(LINE, voice)])


async def test_m5_a_dead_ear_gives_way_to_the_next() -> None:
    dead, alive = FakeEar(name="a", fault=BackendError("gone")), FakeEar(["oui"], name="b")
    assert await EarChain([dead, alive], clock=LoopClock()).recognise(SOUND, language="fr") == "oui"


async def test_m5_a_slow_ear_gives_way_at_the_deadline() -> None:
    slow, alive = FakeEar(name="a", delay_s=60), FakeEar(["oui"], name="b")
    chain, clock = EarChain([slow, alive], clock=LoopClock(), deadline_s=2.0), LoopClock()
    began = clock.monotonic_s()
    assert await chain.recognise(SOUND, language="fr") == "oui"
    said_s = duration_s(SOUND, 16000)
    assert clock.monotonic_s() - began == pytest.approx(2.0 + HEARING_S_PER_S * said_s)


async def test_m5_no_ear_at_all_raises_so_that_the_person_types() -> None:
    chain = EarChain([FakeEar(name="a", delay_s=60)], clock=LoopClock(), deadline_s=2.0)
    with pytest.raises(BackendTimeout):
        await chain.recognise(SOUND, language="fr")
    with pytest.raises(BackendError, match="nothing here can hear"):
        await EarChain([], clock=LoopClock()).recognise(SOUND, language="fr")


async def test_m5_an_ear_is_not_asked_for_a_language_it_does_not_know() -> None:
    english = FakeEar(name="a", known=frozenset({"en"}))
    await EarChain([english, FakeEar(name="b")], clock=LoopClock()).recognise(SOUND, language="fr")
    assert english.heard == []


async def test_m5_empty_text_is_an_answer_and_asks_nobody_else() -> None:
    second = FakeEar(name="b")
    chain = EarChain([FakeEar([""], name="a"), second], clock=LoopClock())
    assert await chain.recognise(SOUND, language="fr") == ""
    assert second.heard == []


async def test_a_failed_ear_rests_and_is_asked_again_afterwards() -> None:
    clock = FakeClock()
    first = FakeEar(name="a", fault=BackendError("gone"))
    chain = EarChain([first, FakeEar(name="b")], clock=clock)
    await chain.recognise(SOUND, language="fr")
    await chain.recognise(SOUND, language="fr")
    assert (len(first.heard), chain.name) == (1, "b")
    clock.advance(REST_S)
    await chain.recognise(SOUND, language="fr")
    assert len(first.heard) == 2


async def test_a_busy_ear_does_not_rest() -> None:
    busy = FakeEar(name="a", fault=BackendError("busy", retryable=False, status=429))
    chain = EarChain([busy, FakeEar(name="b")], clock=FakeClock())
    await chain.recognise(SOUND, language="fr")
    await chain.recognise(SOUND, language="fr")
    assert len(busy.heard) == 2


async def test_m2_an_endless_utterance_is_refused_before_any_ear_works() -> None:
    ear = FakeEar()
    with pytest.raises(BackendError, match="too long"):
        await EarChain([ear], clock=LoopClock()).recognise(
            bytes(int(LONGEST_UTTERANCE_S * 32000) + 2), language="fr"
        )
    assert ear.heard == []


async def test_the_voice_speaks_with_its_own_engine() -> None:
    other, own = FakeVoice("flite"), FakeVoice("espeak")
    sound = await sound_of(Voices([other, own], clock=LoopClock()))
    assert duration_s(sound) == pytest.approx(0.06 * len(LINE), abs=0.05)
    assert (own.spoken, other.spoken) == ([VOICE], [])


async def test_m6_an_engine_dead_before_the_first_sound_is_replaced_unheard() -> None:
    dead = FakeVoice("openai", fails_after_s=0.0)
    spare = FakeVoice("espeak")
    voice = VoiceChoice(engine="openai", voice="coral", language="fr")
    assert await sound_of(Voices([dead, spare], clock=LoopClock()), voice)
    assert [one.voice for one in spare.spoken] == [spare.spoken[0].voice]
    assert spare.spoken[0].engine == "espeak"
    assert spare.spoken[0].voice.startswith("fr+")


async def test_m6_death_inside_a_line_tells_how_much_was_spoken_and_starts_nothing_twice() -> None:
    spare = FakeVoice("openai")
    voices = Voices([FakeVoice("espeak", fails_after_s=0.4), spare], clock=LoopClock())
    heard: list[bytes] = []
    with pytest.raises(VoiceDied) as died:
        await collect(voices, heard)
    assert died.value.produced_s == pytest.approx(duration_s(b"".join(heard)))
    assert 0.3 < died.value.produced_s < 0.5
    assert spare.spoken == []


async def test_m6_a_stall_inside_a_line_counts_as_death() -> None:
    voices = Voices([FakeVoice("espeak", stalls_after_s=0.4)], clock=LoopClock())
    with pytest.raises(VoiceDied):
        await sound_of(voices)


async def test_m6_an_engine_that_died_rests_and_the_next_line_has_another_voice() -> None:
    spare = FakeVoice("openai")
    voices = Voices([FakeVoice("espeak", fails_after_s=0.0), spare], clock=LoopClock())
    await sound_of(voices)
    await sound_of(voices)
    assert len(spare.spoken) == 2


async def test_m6_with_no_engine_left_the_caller_shows_text() -> None:
    with pytest.raises(BackendError):
        await sound_of(Voices([FakeVoice("espeak", fails_after_s=0.0)], clock=LoopClock()))
    with pytest.raises(BackendError, match="no voice engine"):
        await sound_of(Voices([], clock=LoopClock()))


@pytest.mark.parametrize("fault", [{"loudness": 0.0}, {"loudness": 0.0, "endless": True}])
async def test_m8_silence_is_refused_and_another_engine_speaks(fault: dict[str, float]) -> None:
    spare = FakeVoice("openai")
    mute = FakeVoice("espeak", **fault)  # type: ignore[arg-type]
    assert await sound_of(Voices([mute, spare], clock=LoopClock()))
    assert len(spare.spoken) == 1


async def test_m8_endless_sound_is_stopped() -> None:
    engine = FakeVoice("espeak", endless=True)
    with pytest.raises(VoiceDied) as died:
        await sound_of(Voices([engine], clock=LoopClock()))
    assert died.value.produced_s < 4.0 + 0.25 * len(LINE)
    assert engine.stopped == 1


async def test_m3_closing_a_line_early_stops_its_engine_at_once() -> None:
    engine = FakeVoice("espeak")
    line = Voices([engine], clock=LoopClock()).speak(LINE, VOICE)
    assert isinstance(line, AsyncGenerator)
    await anext(line)
    assert engine.stopped == 0
    await line.aclose()
    assert engine.stopped == 1


async def test_closing_the_chain_closes_each_engine() -> None:
    ear, voice = FakeEar(), FakeVoice()
    await EarChain([ear], clock=LoopClock()).aclose()
    await Voices([voice], clock=LoopClock()).aclose()
    assert (ear.closed, voice.closed) == (True, True)
