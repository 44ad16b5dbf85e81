"""What learners and authors are told of a scene."""

import json

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
