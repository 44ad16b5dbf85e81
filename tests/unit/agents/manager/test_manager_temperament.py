"""Dials change behaviour by amounts a person can feel, each in one direction only."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from random import Random

import pytest

from agents.manager import temperament
from agents.manager.beats import BeatKind, Stance
from agents.manager.mood import Mood
from agents.manager.temperament import (
    CUTS_IN_FIRST_S,
    CUTS_IN_LAST_S,
    MOST_WAIT_S,
    base_impatience,
    base_trust,
)
from scenarios.schema import Temper

GRID = tuple(n / 5 for n in range(6))


def tempers() -> Iterator[Temper]:
    for patience, hostility, talkativeness, interruption in product(GRID[::2], repeat=4):
        yield Temper(
            patience=patience,
            hostility=hostility,
            talkativeness=talkativeness,
            interruption=interruption,
        )


def feeling(trust: float = 0.5, impatience: float = 0.2) -> Mood:
    return Mood(persona="roche", trust=trust, impatience=impatience)


Figure = Callable[[Temper, Mood | None], float]


def objects(temper: Temper, mood: Mood | None = None) -> float:
    return temperament.stances(temper, mood)[Stance.OBJECT]


def words(temper: Temper, mood: Mood | None = None) -> float:
    return temperament.max_words(temper, BeatKind.ANSWER)


RISES, FALLS = 1, -1
TURNS: list[tuple[str, Figure, int]] = [
    ("patience", temperament.cuts_in_after_s, RISES),
    ("interruption", temperament.cuts_in_after_s, FALLS),
    ("patience", temperament.waits_s, RISES),
    ("talkativeness", temperament.follow_up_share, RISES),
    ("talkativeness", words, RISES),
    ("hostility", objects, RISES),
    ("interruption", temperament.reclaims, RISES),
    ("hostility", temperament.reclaims, RISES),
]


@pytest.mark.parametrize(("dial", "figure", "way"), TURNS)
def test_a_dial_moves_behaviour_one_way_over_the_whole_grid(
    dial: str, figure: Figure, way: int
) -> None:
    for temper, mood in product(tempers(), (None, feeling(), feeling(0.1, 0.9))):
        turned = [figure(temper.model_copy(update={dial: value}), mood) * way for value in GRID]
        assert all(a <= b for a, b in pairwise(turned))
        assert turned[0] < turned[-1] or (figure is temperament.follow_up_share and not any(turned))


MOVES: list[tuple[Figure, int]] = [
    (temperament.cuts_in_after_s, FALLS),
    (temperament.waits_s, FALLS),
    (temperament.reclaims, RISES),
    (temperament.follow_up_share, RISES),
]


@pytest.mark.parametrize(("figure", "way"), MOVES)
def test_impatience_moves_behaviour_one_way(figure: Figure, way: int) -> None:
    temper = Temper()
    moved = [figure(temper, feeling(impatience=value)) * way for value in GRID]
    assert all(a <= b for a, b in pairwise(moved))
    assert moved[0] < moved[-1]


def test_lost_trust_objects_more() -> None:
    shares = [objects(Temper(), feeling(trust=value)) for value in GRID]
    assert all(a > b for a, b in pairwise(shares))


def test_a_patient_one_waits_and_an_impatient_one_cuts_in() -> None:
    eager, calm = Temper(patience=0.0, interruption=1.0), Temper(patience=1.0, interruption=0.0)
    assert temperament.cuts_in_after_s(eager) == CUTS_IN_FIRST_S == 18.0
    assert temperament.cuts_in_after_s(calm) == CUTS_IN_LAST_S == 75.0
    assert temperament.waits_s(eager) == 0.0
    assert temperament.waits_s(calm) == MOST_WAIT_S == 1.2


def test_figures_stay_in_their_ranges_for_any_dials_and_mood() -> None:
    extremes = [None, *(feeling(t, i) for t in (0.0, 1.0) for i in (0.0, 1.0))]
    for temper, mood in product(tempers(), extremes):
        assert 12.0 <= temperament.cuts_in_after_s(temper, mood) <= CUTS_IN_LAST_S
        assert 0.0 <= temperament.waits_s(temper, mood) <= MOST_WAIT_S
        assert 0.0 <= temperament.follow_up_share(temper, mood) <= 0.6
        assert 0.1 <= temperament.reclaims(temper, mood) <= 0.95
        assert sum(temperament.stances(temper, mood).values()) == pytest.approx(1.0)
        for kind in BeatKind:
            assert 18 <= temperament.max_words(temper, kind) <= 60


def test_a_character_begins_calm_and_nothing_is_bent_by_that() -> None:
    for temper in tempers():
        begins = feeling(base_trust(temper), base_impatience(temper))
        for figure in (temperament.cuts_in_after_s, temperament.waits_s, temperament.reclaims):
            assert figure(temper, begins) == figure(temper, None)
        assert temperament.manner(temper, begins, "fr") == ""


@pytest.mark.parametrize("kind", list(BeatKind))
def test_the_talkative_have_more_words_for_every_kind_of_line(kind: BeatKind) -> None:
    terse = temperament.max_words(Temper(talkativeness=0.0), kind)
    assert terse < temperament.max_words(Temper(talkativeness=1.0), kind)


def test_the_silent_never_follow_up() -> None:
    assert temperament.follow_up_share(Temper(talkativeness=0.0), feeling(0.0, 1.0)) == 0.0


def test_drawn_stances_follow_the_temper() -> None:
    def drawn(hostility: float) -> Counter[Stance]:
        rng, temper = Random(4), Temper(hostility=hostility)
        return Counter(temperament.stance(temper, None, rng) for _ in range(2000))

    kind, hostile = drawn(0.0), drawn(1.0)
    assert kind[Stance.AGREE] > kind[Stance.OBJECT]
    assert hostile[Stance.OBJECT] > 3 * hostile[Stance.AGREE]
    assert all(kind[one] and hostile[one] for one in Stance)


MANNERS = [
    (feeling(trust=0.6, impatience=0.4), ""),
    (feeling(trust=0.6, impatience=0.5), "commences à perdre patience"),
    (feeling(trust=0.6, impatience=0.8), "patience est à bout"),
    (feeling(trust=0.42, impatience=0.1), "plus méfiant"),
    (feeling(trust=0.2, impatience=0.1), "ne lui fais plus confiance"),
    (feeling(trust=0.8, impatience=0.1), "gagné du crédit"),
]


@pytest.mark.parametrize(("mood", "told"), MANNERS)
def test_a_prompt_is_told_how_a_character_feels(mood: Mood, told: str) -> None:
    manner = temperament.manner(Temper(hostility=0.2), mood, "fr")
    assert told in manner
    assert bool(manner) == bool(told)
    assert bool(temperament.manner(Temper(hostility=0.2), mood, "en")) == bool(told)


def test_a_manner_tells_patience_and_trust_without_figures() -> None:
    for language in ("fr", "en"):
        manner = temperament.manner(Temper(), feeling(0.0, 1.0), language)
        assert manner.count(".") == 2
        assert not any(char.isdigit() for char in manner)
    assert temperament.manner(Temper(), None, "en") == ""
