"""Which authored line comes next: answers first, unsaid ones first, never one twice in a row."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest

from services.llm.understudy import Understudy
from tests.fakes.scenes import cast_with, character, debate

PLAIN = {"opening": ["Bonsoir à tous."], "closing": ["Au revoir."]}


def understudy(language: str = "fr", seed: int = 1, **lines: Any) -> Understudy:
    cast = cast_with("morel", understudy=PLAIN | lines)
    return Understudy(debate(cast=cast, language=language), rng=Random(seed))


def answers(one: Understudy, count: int, heard: str = "", phase: str = "ouverture") -> list[str]:
    return [one.line("morel", kind="answer", phase=phase, heard=heard) for _ in range(count)]


def test_the_phase_s_own_lines_come_before_those_for_any_phase() -> None:
    one = understudy(lines=["Partout."], phases={"ouverture": ["Ici.", "Ici encore."]})
    assert answers(one, 3) == ["Ici.", "Ici encore.", "Partout."]
    assert answers(understudy(lines=["Partout."], phases={"ouverture": ["Ici."]}), 1, "", "x") == [
        "Partout."
    ]


@pytest.mark.parametrize(
    "heard", ["Le fret recule.", "Nos TRAINS sont pleins.", "La réforme des péages"]
)
def test_a_heard_word_is_answered_first_whatever_its_accents_and_ending(heard: str) -> None:
    one = understudy(
        lines=["Sinon."], heard=[{"words": ["fret", "train", "réformes"], "say": "Justement."}]
    )
    assert answers(one, 2, heard) == ["Justement.", "Sinon."]


def test_a_word_inside_another_is_not_heard() -> None:
    one = understudy(lines=["Sinon."], heard=[{"words": ["rail"], "say": "Justement."}])
    assert answers(one, 1, "Je travaille sans relâche, braillard.") == ["Sinon."]


@pytest.mark.parametrize(
    "lines", [["Un."], ["Un.", "Deux."], ["Un.", "Deux.", "Trois."], [], ["Un.", "un !"]]
)
def test_no_line_comes_twice_in_a_row_and_none_is_empty(lines: list[str]) -> None:
    said = answers(understudy(lines=lines), 30)
    assert all(said)
    assert all(one.casefold() != after.casefold() for one, after in pairwise(said))


@pytest.mark.parametrize("kind", ["opening", "closing", "reaction", "answer"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kind_has_words_however_often_it_is_asked_for(kind: Any, language: str) -> None:
    one = understudy(language)
    said = [one.line("morel", kind=kind, phase="ouverture") for _ in range(12)]
    assert all(said)
    assert all(first != second for first, second in pairwise(said))


def test_when_all_was_said_the_line_said_longest_ago_returns() -> None:
    assert answers(understudy(lines=["Un.", "Deux.", "Trois."]), 7) == [
        "Un.", "Deux.", "Trois.", "Un.", "Deux.", "Trois.", "Un.",
    ]  # fmt: skip


def test_a_long_line_is_not_said_again_but_short_ones_are_few_and_far_between() -> None:
    long = "Donnez-moi donc un exemple, un seul."
    said = answers(understudy(lines=["Un chiffre.", long]), 9)
    assert said[:2] == ["Un chiffre.", long]
    assert said.count(long) == 1
    assert all(len(one.split()) <= 3 for one in said[2:])
    assert all(said[at] != said[at + 2] for at in range(2, 7))


def test_a_reaction_of_more_than_a_word_or_two_is_let_fall_once() -> None:
    reactions = ["Mon père aurait toussé.", "Hm.", "Tiens donc."]
    one = understudy(reactions=reactions)
    said = [one.line("morel", kind="reaction", phase="ouverture") for _ in range(9)]
    assert said.count(reactions[0]) == 1
    assert set(said) == set(reactions)


def test_a_later_phase_is_not_opened_by_a_greeting() -> None:
    one = understudy(opening=["Bonsoir à tous, et bienvenue."])
    said = [one.line("morel", kind="opening", phase="ouverture") for _ in range(4)]
    assert sum("Bon" in line for line in said) == 1


def test_a_short_line_is_not_taken_for_the_beginning_of_a_longer_word() -> None:
    one = understudy(opening=["Bonsoir à tous."])
    one.mark("morel", "Bon.")
    assert one._said["morel"] == ["bon"]


def test_only_someone_not_heard_yet_greets() -> None:
    one = understudy(lines=["Avançons."])
    assert one.line("morel", kind="opening", phase="ouverture") == "Bonsoir à tous."
    assert one.line("morel", kind="opening", phase="conclusion") == "Avançons."


def test_openings_vary_by_seed_only() -> None:
    openings = [f"Bonsoir {n}." for n in range(6)]
    lines = [
        understudy(seed=seed, opening=openings).line("morel", kind="opening", phase="ouverture")
        for seed in (*range(12), 0)
    ]
    assert len(set(lines)) > 1
    assert lines[-1] == lines[0]


def test_a_line_spoken_before_a_restart_counts_as_said_even_if_it_was_cut() -> None:
    one = understudy(lines=["Un chiffre, s'il vous plaît.", "Deux mots."])
    one.mark("morel", "un chiffre s'il")
    assert answers(one, 1) == ["Deux mots."]


def test_characters_do_not_share_what_was_said() -> None:
    cast = [
        character("anne", "Anne", None, understudy=PLAIN | {"lines": ["Pareil.", "Autre."]}),
        character("paul", "Paul", None, understudy=PLAIN | {"lines": ["Pareil.", "Autre."]}),
    ]
    one = Understudy(debate(cast=cast, phases=[{"id": "p", "goal": "g"}]), rng=Random(1))
    assert one.line("anne", kind="answer", phase="p") == "Pareil."
    assert one.line("paul", kind="answer", phase="p") == "Pareil."


def test_an_unknown_character_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        understudy().line("nobody", kind="answer", phase="ouverture")
