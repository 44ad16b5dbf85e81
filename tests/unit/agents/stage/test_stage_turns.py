"""The learner's turn: how long a pause ends it, since when it goes on, when it is open."""

import pytest

from agents.stage.pace import Pace, is_unfinished
from agents.stage.turns import STALE_S, TURN_END_S, LearnerTurn
from services.speech.ports import Language

MOST_S = 1.2


class Watch:
    """A turn on a clock that a test moves."""

    def __init__(self, waits_s: float = MOST_S) -> None:
        self.now_s = 100.0
        self.turn = LearnerTurn("en", lambda: waits_s, lambda: self.now_s)

    def speak(self, seconds: float) -> None:
        self.turn.spoke()
        self.now_s += seconds
        self.turn.fell_silent(0.0)

    def pause(self, seconds: float) -> None:
        self.now_s += seconds


def wait_s(pauses: list[float], words: str = "I see.", most_s: float = MOST_S) -> float:
    pace = Pace()
    for one in pauses:
        pace.paused(one)
    return pace.wait_s(words, "en", turn_end_s=TURN_END_S, most_s=most_s)


@pytest.mark.parametrize("pauses", [[], [0.2, 0.3], [0.25, 0.2, 0.9], [0.05, 4.0]])
def test_a_quick_speaker_pays_nothing(pauses: list[float]) -> None:
    assert wait_s(pauses) == 0.0


def test_a_slow_speaker_is_waited_for_beyond_the_usual_pause() -> None:
    assert TURN_END_S + wait_s([0.8, 0.9, 0.7]) > 0.9


def test_nobody_waits_longer_than_the_answerer_would() -> None:
    assert wait_s([2.0], most_s=0.6) == 0.6
    assert wait_s([2.0], "and", most_s=0.0) == 0.0


def test_a_slow_speaker_who_quickens_is_a_quick_one_again() -> None:
    assert wait_s([0.9, 0.9, 0.2, 0.2, 0.3]) == 0.0


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("Je voudrais dire que", "fr"),
        ("C'est trop cher, parce que.", "fr"),
        ("Nous avons vu, et", "fr"),
        ("D'abord,", "fr"),
        ("We met them and", "en"),
        ("It is too late because...", "en"),
    ],
)
def test_words_that_nothing_ends_with_are_waited_after(words: str, language: Language) -> None:
    assert is_unfinished(words, language)
    assert Pace().wait_s(words, language, turn_end_s=TURN_END_S, most_s=MOST_S) > 0.5


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("Qui paie ?", "fr"),
        ("Et alors ?", "fr"),
        ("Is it this or that?", "en"),
        ("Who is it for?", "en"),
        ("", "en"),
    ],
)
def test_words_that_end_a_sentence_are_not(words: str, language: Language) -> None:
    assert not is_unfinished(words, language)


def test_a_pause_inside_a_turn_counts_for_the_persons_pace() -> None:
    watch = Watch()
    watch.speak(1.0)
    watch.pause(0.8)
    watch.speak(1.0)
    assert watch.turn.pace.usual_s == pytest.approx(0.8)


def test_a_pause_that_was_taken_for_the_end_counts_when_the_person_goes_on_at_once() -> None:
    watch = Watch()
    watch.speak(1.0)
    watch.pause(TURN_END_S)
    watch.turn.ended()
    watch.pause(0.3)
    watch.turn.answered()
    watch.pause(0.2)
    watch.speak(1.0)
    assert watch.turn.pace.usual_s == pytest.approx(TURN_END_S + 0.5)


def test_who_cuts_in_on_an_answer_has_not_been_slow() -> None:
    watch = Watch()
    watch.speak(1.0)
    watch.turn.ended()
    watch.pause(0.4)
    watch.turn.answered()
    watch.pause(1.0)
    watch.speak(1.0)
    assert watch.turn.pace.usual_s == 0.0


def test_a_turn_is_open_until_its_words_are_on_their_way_to_the_cast() -> None:
    watch = Watch()
    assert not watch.turn.open
    watch.speak(1.0)
    watch.turn.heard("I see.")
    assert watch.turn.open
    watch.turn.ended()
    assert (watch.turn.open, watch.turn.words) == (False, [])


def test_m1_a_sound_without_words_leaves_no_turn_open() -> None:
    watch = Watch()
    watch.speak(0.2)
    watch.turn.dropped()
    assert not watch.turn.open


def test_a_turn_of_which_nothing_comes_does_not_stay_open() -> None:
    watch = Watch()
    watch.speak(1.0)
    watch.pause(STALE_S)
    assert not watch.turn.open


def test_m2_a_monologue_is_as_long_as_it_is_whatever_its_pauses() -> None:
    watch = Watch()
    for _ in range(10):
        watch.speak(9.0)
        watch.pause(0.3)
    assert watch.turn.speaking_s() == 0.0
    watch.turn.spoke()
    assert watch.turn.speaking_s() == pytest.approx(93.0)
    watch.turn.ended()
    assert watch.turn.speaking_s() == 0.0
