"""What learners and authors are told of a scene."""

import json

import pytest

from scenarios.describe import public_view, summary
from scenarios.loader import load
from tests.fakes.scene_file import SceneFile


def test_learner_sees_title_part_cast_phases_and_time(scene: SceneFile) -> None:
    view = public_view(load(scene.path).scenario)
    assert view == {
        "id": "debat",
        "title": "Le débat",
        "language": "fr",
        "summary": "Deux contradicteurs et une réforme.",
        "learner": {
            "role": "ministre",
            "brief": "Vous défendez la réforme.",
            "goals": ["répondre sans esquiver"],
        },
        "cast": [
            {"id": "morel", "name": "Claire Morel", "title": "animatrice"},
            {"id": "roche", "name": "Antoine Roche", "title": None},
        ],
        "phases": [
            {"id": "ouverture", "goal": "chacun pose sa première question"},
            {"id": "fin", "goal": "conclure"},
        ],
        "rubric": [{"id": "clarte", "label": "Clarté"}],
        "duration_s": 600,
        "turns": 40,
    }


def test_learner_sees_nothing_hidden(scene: SceneFile) -> None:
    shown = json.dumps(public_view(load(scene.path).scenario), ensure_ascii=False)
    for hidden in ("confidentiel", "Rigoureuse", "cinq minutes", "parfois", "fuite", "préciser"):
        assert hidden not in shown


def test_author_s_page_names_secrets_and_does_not_tell_them(scene: SceneFile) -> None:
    page = summary(load(scene.path).scenario)
    assert "Claire Morel, animatrice" in page
    assert "fuite: roche releases morel.rapport in ouverture, after 60 s" in page
    assert "confidentiel" not in page


GUEST = """\
  - id: vidal
    name: Jeanne Vidal
    persona: Inspectrice.
    voice: {gender: female, pitch: -0.4}
    temper: {patience: 0.25, hostility: 0.7}
    understudy:
      opening: ["Pardon pour le retard."]
      lines: ["Qui paie ?"]
      closing: ["Merci."]
"""
HAPPENINGS = """\
  - {id: venue, when: {turns: 2}, by: vidal, do: arrive}
  - {id: page, when: {score_from: 2}, by: roche, do: show,
     document: {title: Annexe, text: Un calcul.}}
  - {id: greve, when: {phase: fin}, by: roche, do: news, news: La grève commence., to: [morel]}
  - {id: fin-nette, when: {mood: {of: roche, trust_above: 0.7}}, by: roche, do: prompt}
  - {id: pique, when: {score_to: 0, phase: fin, turns: 2}, by: roche, do: prompt}
points: [{heard: [rail, train], add: 2}, {heard: euh, add: -1, once: false}]
moderation: {by: morel, turn_s: 40, airtime: {min: 0.1, max: 0.6}}
"""


@pytest.fixture
def lively(scene: SceneFile) -> SceneFile:
    """A scene with a late guest, a document, news, points, moods and a moderator."""
    scene.change("knowledge:", f"{GUEST}knowledge:")
    scene.change("rubric:", f"{HAPPENINGS}rubric:")
    scene.change(
        "goal: conclure", "goal: conclure\n    present: [morel, roche]\n    speakers: [morel]"
    )
    scene.change("lead: morel", "lead: morel\n    opening: parallel\n    order: first_ready")
    return scene


def test_a_late_guest_is_not_announced_to_learners(lively: SceneFile) -> None:
    view = public_view(load(lively.path).scenario)
    assert view["cast"] == [
        {"id": "morel", "name": "Claire Morel", "title": "animatrice"},
        {"id": "roche", "name": "Antoine Roche", "title": None},
    ]
    shown = json.dumps(view, ensure_ascii=False)
    for hidden in ("idal", "Annexe", "calcul", "grève", "points", "trust", "0.6", "rail"):
        assert hidden not in shown


def test_author_s_page_tells_of_guests_tempers_and_presence(lively: SceneFile) -> None:
    page = summary(load(lively.path).scenario)
    assert "patience 0.25, hostility 0.7, talkativeness 0.5, interruption 0.2" in page
    assert [line for line in page.splitlines() if "late guest" in line] == [
        line for line in page.splitlines() if line.startswith("  vidal: ")
    ]
    assert "morel leads; listening: roche; out of the room: vidal; 0 to 20 turns" in page
    assert "morel leads, roche; all open, whoever is ready first" in page


@pytest.mark.parametrize(
    "line",
    [
        "venue: vidal arrives from turn 2",
        'page: roche shows "Annexe" from 2 points',
        "greve: roche brings news to morel in fin",
        "fin-nette: roche prompts once roche has trust above 0.7",
        "pique: roche prompts in fin, from turn 2, up to 0 points",
        "+2 once for rail, train",
        "-1 each turn for euh",
        "kept by morel",
        "the learner is cut off after 40 s",
        "each has 10% to 60% of what the cast says",
    ],
)
def test_author_s_page_tells_what_may_happen(lively: SceneFile, line: str) -> None:
    assert f"  {line}" in summary(load(lively.path).scenario).splitlines()


def test_author_s_page_leaves_out_what_the_scene_does_not_have(scene: SceneFile) -> None:
    page = summary(load(scene.path).scenario)
    assert "\nPoints\n" not in page
    assert "\nOrder\n" not in page
