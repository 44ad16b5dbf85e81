"""What speech adapters decide before any engine runs."""

from pathlib import Path

import numpy as np
import pytest

from services.adapters.kokoro import KokoroVoices, parse_blend, phonemes_of
from services.adapters.whisper_ear import plan_host
from services.adapters.whisper_host import LONGEST_S, RATE_HZ, model_folder, pieces
from services.core.errors import BackendError, NotFound


def test_a_blend_is_shares_that_sum_to_one() -> None:
    assert parse_blend("jf_alpha") == (("jf_alpha", 1.0),)
    assert parse_blend("jf_alpha:0.5+jm_kumo:.5") == (("jf_alpha", 0.5), ("jm_kumo", 0.5))
    assert sum(share for _, share in parse_blend("a+b:0.5")) == pytest.approx(1.0)


@pytest.mark.parametrize("voice", ["", "../etc", "jf_alpha:2", "a:x", "a+", "a:0"])
def test_y2_a_malformed_blend_is_refused(voice: str) -> None:
    with pytest.raises(BackendError, match="no such Kokoro voice"):
        parse_blend(voice)


def test_espeak_phonemes_become_the_letters_of_the_network() -> None:
    assert phonemes_of("tʃˈeɪndʒ  ɡˈoʊ\n").split() == ["ʧˈAnʤ", "ɡˈO"]


def test_short_sound_is_one_piece_and_long_sound_is_cut_where_it_is_quiet() -> None:
    assert len(pieces(np.ones(RATE_HZ * 20, dtype=np.float32))) == 1
    long = np.ones(RATE_HZ * 65, dtype=np.float32)
    long[RATE_HZ * 22 : RATE_HZ * 23] = 0
    parts = pieces(long)
    assert sum(len(part) for part in parts) == len(long)
    assert all(len(part) <= LONGEST_S * RATE_HZ for part in parts)
    assert 22 <= len(parts[0]) / RATE_HZ <= 23


def test_a_model_folder_of_ones_own_is_checked_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"missing model\.bin: set WHISPER_MODEL_PATH"):
        model_folder(tmp_path, tmp_path)
    with pytest.raises(NotFound, match=r"missing model\.onnx: set KOKORO_MODEL_PATH"):
        KokoroVoices(tmp_path, model_path=tmp_path)


def test_the_hearing_process_is_started_with_what_the_settings_say(tmp_path: Path) -> None:
    plan = plan_host(tmp_path, idle_exit_s=None)
    assert plan.model_path is None
    assert "--idle-exit-s" not in plan.command()
    assert plan.command()[-2:] == ["--data-dir", str(tmp_path)]
