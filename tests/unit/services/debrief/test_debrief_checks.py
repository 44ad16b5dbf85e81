"""What a model wrote is held against the transcript: what that does not bear out is dropped."""

import json
from typing import Any

import pytest

from services.debrief.analysis import SUMMARY_CHARS, MemoryAnalysis, merged
from services.debrief.checks import Draft, Evidence, checked
from tests.fakes.memory import draft, turn

TURNS = (
    turn("learner", "Nous publierons le rapport avant vendredi.", number=1),
    turn("roche", "Le rapport coûte 12 % de trop, selon la SNCF.", number=2),
    turn("learner", "Je suis contre la fermeture des lignes.", number=3),
)
PEOPLE = ("learner", "roche", "morel")
KEPT = {"who": "learner", "text": "publier le rapport avant vendredi", "to": "roche"}


def judged(start: int = 0, **parts: Any) -> MemoryAnalysis:
    evidence = Evidence.of(TURNS, start=start, people=PEOPLE, language="fr")
    read = Draft.model_validate_json(json.dumps(draft(**parts)))
    return checked(read, evidence, turns=len(TURNS))


def test_what_stands_on_its_turns_is_kept() -> None:
    analysis = judged(
        promises=[KEPT | {"lines": [1]}],
        positions=[{"who": "learner", "text": "contre la fermeture des lignes", "lines": [3]}],
        entities=[{"name": "SNCF", "kind": "organisation", "lines": [2]}],
        concepts=[{"text": "le rapport", "lines": [1, 2]}],
    )
    assert [(one.who, one.to, one.turns) for one in analysis.promises] == [
        ("learner", "roche", (1,))
    ]
    assert [one.turns for one in analysis.positions] == [(3,)]
    assert [(one.name, one.turns) for one in analysis.entities] == [("SNCF", (2,))]
    assert [one.turns for one in analysis.concepts] == [(1, 2)]


@pytest.mark.parametrize(
    "change",
    [
        {"lines": []},
        {"lines": [0]},
        {"lines": [4]},
        {"lines": [-1]},
        {"lines": [999999999]},
        {"lines": [2]},
        {"who": "morel", "lines": [1]},
        {"who": "personne", "lines": [1]},
        {"who": "", "lines": [1]},
        {"who": "roche", "lines": [1]},
        {"text": "doubler tous les salaires dès demain", "lines": [1]},
        {"text": "publier 40 rapports", "lines": [2], "who": "roche"},
        {"text": "", "lines": [1]},
        {"text": "🙂", "lines": [1]},
    ],
)
def test_nothing_invented_crosses(change: dict[str, Any]) -> None:
    assert judged(promises=[KEPT | change]).promises == ()


def test_of_several_turns_those_count_that_the_speaker_spoke_in() -> None:
    assert judged(promises=[KEPT | {"lines": [1, 2, 77]}]).promises[0].turns == (1,)


def test_a_promise_to_nobody_known_or_to_oneself_is_to_nobody() -> None:
    for to in ("", "personne", "learner"):
        assert judged(promises=[KEPT | {"to": to, "lines": [1]}]).promises[0].to is None


@pytest.mark.parametrize("name", ["Deutsche Bahn", "SNCF Voyageurs", "", "999"])
def test_a_name_that_nobody_said_is_dropped(name: str) -> None:
    assert judged(entities=[{"name": name, "kind": "organisation", "lines": [2]}]).entities == ()


def test_a_turn_that_was_not_shown_bears_nothing_out() -> None:
    assert judged(start=1, promises=[KEPT | {"lines": [1]}]).promises == ()


def test_b3_a_summary_is_one_line_of_bounded_length() -> None:
    summary = judged(summary="mot\n\x00 " * 5000).summary
    assert len(summary) <= SUMMARY_CHARS
    assert "\n" not in summary
    assert "\x00" not in summary


def test_what_is_noted_twice_is_kept_once_with_the_turns_of_both() -> None:
    one = judged(concepts=[{"text": "le rapport", "lines": [1]}])
    other = judged(concepts=[{"text": "Le rapport !", "lines": [2]}])
    assert [item.turns for item in merged(one, other).concepts] == [(1, 2)]


def test_a_later_analysis_adds_to_the_earlier_and_its_summary_stands_for_both() -> None:
    earlier = judged(promises=[KEPT | {"lines": [1]}], summary="Avant.")
    later = judged(
        positions=[{"who": "learner", "text": "contre la fermeture", "lines": [3]}], summary="Tout."
    )
    both = merged(earlier, later)
    assert (len(both.promises), len(both.positions), both.summary) == (1, 1, "Tout.")
    assert merged(earlier, later.model_copy(update={"summary": ""})).summary == "Avant."


def test_beyond_the_bound_the_oldest_promises_go() -> None:
    one = judged(promises=[KEPT | {"lines": [1]}]).promises[0]
    many = tuple(one.model_copy(update={"text": f"publier {n}"}) for n in range(100))
    base = judged().model_copy(update={"promises": many})
    assert merged(base, judged()).promises == many[-60:]
