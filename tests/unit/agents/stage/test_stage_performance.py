"""How much of a beat was really heard."""

import pytest

from agents.manager.beats import Beat, BeatKind
from agents.stage.performance import Performance

TEN = "un deux trois quatre cinq six sept huit neuf dix"


def heard(*, sent_s: float, heard_s: float, cut: bool = True, silent: bool = False) -> str:
    beat = Beat(id="1", persona="morel", kind=BeatKind.ANSWER, phase="debat")
    performance = Performance(key="1", beat=beat, text=TEN, sent_s=sent_s, heard_s=heard_s)
    performance.cut, performance.silent = cut, silent
    return performance.heard_text()


@pytest.mark.parametrize(
    ("sent_s", "heard_s", "words"),
    [
        (5.0, 0.0, 0),
        (5.0, 2.5, 5),
        (5.0, 5.0, 10),
        (0.5, 0.5, 1),  # most of the sound was not made yet: the text's length bounds the share
        (5.0, -0.02, 0),
    ],
)
def test_cut_line_keeps_the_share_of_words_that_sounded(
    sent_s: float, heard_s: float, words: int
) -> None:
    assert heard(sent_s=sent_s, heard_s=heard_s) == " ".join(TEN.split()[:words])


def test_line_that_was_not_cut_is_whole() -> None:
    assert heard(sent_s=5.0, heard_s=4.9, cut=False) == TEN


def test_line_that_stood_as_text_alone_was_read() -> None:
    assert heard(sent_s=2.0, heard_s=0.1, silent=True) == TEN


def test_sound_that_waits_for_the_wire_was_not_heard() -> None:
    beat = Beat(id="1", persona="morel", kind=BeatKind.ANSWER, phase="debat")
    performance = Performance(key="1", beat=beat, text=TEN, sent_s=5.0, heard_s=2.5, ahead_s=0.5)
    assert performance.heard_words() == 4


def test_words_once_shown_stay_heard_when_longer_ones_follow() -> None:
    beat = Beat(id="1", persona="morel", kind=BeatKind.ANSWER, phase="debat")
    performance = Performance(key="1", beat=beat, text="un deux trois", sent_s=1.0, heard_s=0.7)
    assert performance.heard_words() == 2
    performance.text += " anticonstitutionnellement, " * 3
    performance.cut = True
    assert performance.heard_text() == "un deux"
