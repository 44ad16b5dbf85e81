"""Numbers of sound: no click at block borders, silence trimmed, nonsense refused."""

import numpy as np
import pytest

from services.core.errors import BackendError
from services.speech.audio import (
    BlockCutter,
    Resampler,
    Samples,
    Trimmer,
    VoiceChain,
    amplified,
    gain_of,
    level,
    pcm16,
)
from services.speech.guard import MAX_SILENCE_S, LineGuard
from tests.fakes.speech import tone


def sine(rate_hz: int, *, hz: float = 1000.0, seconds: float = 1.0) -> Samples:
    at = np.arange(int(rate_hz * seconds)) / rate_hz
    wave: Samples = (np.sin(2 * np.pi * hz * at) * 16000).astype(np.int16)
    return wave


def in_pieces(resampler: Resampler, samples: Samples, sizes: tuple[int, ...]) -> Samples:
    out, at, turn = [], 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        out.append(resampler.feed(samples[at : at + size]))
        at, turn = at + size, turn + 1
    return np.concatenate([*out, resampler.flush()])


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 48000])
def test_a_resampled_tone_is_the_tone_to_60_db(rate_hz: int) -> None:
    out = in_pieces(Resampler(rate_hz), sine(rate_hz), (1, 700, 13, 512))
    wanted = sine(24000)
    assert len(out) == pytest.approx(24000, abs=2)
    error = (out[: len(wanted)].astype(float) - wanted[: len(out)])[100:-100]
    assert 10 * np.log10(np.mean(wanted.astype(float) ** 2) / np.mean(error**2)) > 60


def test_block_borders_change_nothing() -> None:
    whole = in_pieces(Resampler(22050), sine(22050, hz=440), (22050,))
    pieces = in_pieces(Resampler(22050), sine(22050, hz=440), (1, 3, 977))
    assert np.array_equal(whole, pieces)


def test_what_a_lower_rate_cannot_hold_is_filtered_out() -> None:
    out = in_pieces(Resampler(24000, 8000), sine(24000, hz=7000), (500,))
    assert np.abs(out[50:-50]).max() < 100


def test_silence_around_a_line_is_cut_to_50_ms_and_pauses_inside_it_stay() -> None:
    sound = np.frombuffer(tone(0.2), dtype="<i2").astype(np.int16)
    quiet = np.zeros(12000, dtype=np.int16)
    line = np.concatenate((quiet, sound, quiet, sound, quiet))
    trimmer = Trimmer()
    out = [trimmer.feed(line[i : i + 777]) for i in range(0, len(line), 777)]
    kept = np.concatenate([*out, trimmer.flush()])
    assert len(kept) == pytest.approx(2 * len(sound) + len(quiet) + 2 * 1200, abs=20)


def test_blocks_are_40_ms_but_the_last() -> None:
    cutter = BlockCutter()
    blocks = [*cutter.feed(np.ones(2500, dtype=np.int16)), *cutter.flush()]
    assert [len(block) for block in blocks] == [1920, 1920, 1160]


def test_m8_an_engine_that_gives_only_silence_is_refused() -> None:
    chain = VoiceChain(22050)
    assert chain.feed(np.zeros(22050, dtype=np.int16)) == []
    with pytest.raises(BackendError, match="only silence"):
        chain.flush()


def test_m8_nan_and_infinity_are_refused() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(BackendError, match="invalid samples"):
            pcm16(np.array([0.1, bad], dtype=np.float32))
    assert pcm16(np.array([2.0, -2.0])).tolist() == [32767, -32767]


def test_loud_voices_are_held_inside_16_bits() -> None:
    loud = np.array([30000, -30000], dtype=np.int16)
    assert amplified(loud, 4.0).tolist() == [32767, -32768]
    assert gain_of({"gain": "99"}) == 4.0
    with pytest.raises(BackendError, match="not a number"):
        gain_of({"gain": "loud"})


def test_level_is_the_root_mean_square() -> None:
    assert level(tone(1.0, loudness=0.5)) == pytest.approx(0.5 / 2**0.5, rel=0.01)
    assert level(b"") == 0.0


def test_m8_the_guard_refuses_half_a_sample_and_long_silence() -> None:
    with pytest.raises(BackendError, match="half a sample"):
        LineGuard("bonjour").feed(b"\0")
    guard = LineGuard("bonjour à tous et à toutes")
    guard.feed(tone(0.5))
    with pytest.raises(BackendError, match="silence"):
        guard.feed(bytes(int(48000 * (MAX_SILENCE_S + 0.1))))


def test_the_guard_lets_a_pause_inside_a_line_pass() -> None:
    guard = LineGuard("un, deux")
    sent = [*guard.feed(tone(0.2)), *guard.feed(bytes(9600)), *guard.feed(tone(0.2)), *guard.end()]
    assert b"".join(sent) == tone(0.2) + bytes(9600) + tone(0.2)


def test_words_without_a_sound_are_refused_and_no_words_need_none() -> None:
    with pytest.raises(BackendError, match="no sound"):
        LineGuard("bonjour").end()
    assert LineGuard("…").end() == []
