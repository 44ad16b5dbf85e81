"""Late guests, documents and news: who is there, who leads meanwhile, and what is told."""

from random import Random
from typing import Any

import pytest

from agents.manager.beats import BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.moods import first
from agents.manager.phrases import phrases_for
from agents.manager.scene import Scene
from scenarios.fields import Language
from tests.fakes.scenes import DEBATE, debate

ENTRANCE = {"id": "entree", "when": {"heard": "rail"}, "by": "roche", "do": "arrive"}
PAGE = {"title": "Note", "text": "Douze pour cent."}


def manager(*events: dict[str, Any], **changes: Any) -> MultiAgentManager:
    return MultiAgentManager(debate(events=list(events), **changes), rng=Random(3))


def play(one: MultiAgentManager, plan: Plan | None, now_s: float, words: str | None = None) -> Plan:
    assert plan is not None
    one.commit(plan, words=words, now_s=now_s)
    for beat in plan.beats:
        one.performed(beat, beat.say or "Un mot.", False, now_s)
    return plan


def begun(*events: dict[str, Any], **changes: Any) -> MultiAgentManager:
    one = manager(*events, **changes)
    play(one, one.begin(0.0), 0.0)
    return one


def speakers(plan: Plan) -> list[str]:
    return [beat.persona for beat in plan.beats]


def test_a_late_guest_takes_no_part_in_the_opening() -> None:
    assert speakers(manager(ENTRANCE).begin(0.0)) == ["morel", "kerbrat", "castan"]


def test_a_guest_who_is_not_there_is_no_candidate_and_answers_to_no_name() -> None:
    one = begun(ENTRANCE)
    play(one, one.answer("Je commence.", 5.0), 5.0, "Je commence.")
    plan = one.answer("Monsieur Roche, un mot ?", 10.0)
    assert "roche" not in plan.decision.candidates
    assert "roche" not in speakers(plan)
    assert "Antoine Roche" in plan.beats[0].cue


def test_a_guest_arrives_with_a_line_of_its_own_and_is_there_from_then_on() -> None:
    one = begun(ENTRANCE)
    serial = one.scene.serial
    plan = play(one, one.answer("Parlons du rail.", 5.0), 5.0, "Parlons du rail.")
    assert speakers(plan) == ["roche"]
    assert plan.beats[0].cue == phrases_for("fr").cue("arrive")
    assert plan.effects.arrives == ("roche",)
    assert one.scene.arrived == (("roche", serial),)
    assert speakers(one.answer("Monsieur Roche, un mot ?", 10.0)) == ["roche"]


def test_a_guest_is_not_moved_by_the_turn_that_lets_it_in() -> None:
    one = begun(ENTRANCE)
    words = "Le rail ? Vous mentez tous, et vous êtes incompétents."
    play(one, one.answer(words, 5.0), 5.0, words)
    assert one.scene.arrived
    assert one.scene.mood_of("kerbrat") != first(one.scenario, "kerbrat")
    assert one.scene.mood_of("roche") == first(one.scenario, "roche")


def test_an_authored_entrance_is_said_as_it_is_written() -> None:
    one = begun(ENTRANCE | {"say": "Pardon pour le retard."})
    plan = one.answer("Parlons du rail.", 5.0)
    assert plan.beats[0].say == "Pardon pour le retard."


def test_a_guest_arrives_once() -> None:
    one = begun(ENTRANCE)
    play(one, one.answer("Parlons du rail.", 5.0), 5.0, "Parlons du rail.")
    first = one.scene.arrived
    plan = play(one, one.answer("Encore le rail.", 15.0), 15.0, "Encore le rail.")
    assert plan.effects.arrives == ()
    assert one.scene.arrived == first


def test_a_guest_who_was_cut_off_at_the_door_is_in_the_room_all_the_same() -> None:
    one = begun(ENTRANCE)
    plan = one.answer("Parlons du rail.", 5.0)
    one.commit(plan, words="Parlons du rail.", now_s=5.0)
    one.performed(plan.beats[0], "", True, 6.0)
    assert dict(one.scene.arrived).keys() == {"roche"}
    again = one.answer("Pardon.", 8.0)
    assert [beat.event for beat in again.beats] == ["entree"]
    one.commit(again, words="Pardon.", now_s=8.0)
    assert len(one.scene.arrived) == 1


def test_while_its_lead_is_late_the_next_speaker_leads_and_closes() -> None:
    phases = [DEBATE["phases"][1]]
    one = manager(ENTRANCE, phases=phases)
    assert speakers(one.begin(0.0)) == ["morel"]
    play(one, one.begin(0.0), 0.0)
    prompt = one.tick(70.0, quiet_s=61.0, busy=False)
    assert prompt is not None
    assert speakers(prompt) == ["morel"]
    assert speakers(one.end("ended", 9.0)) == ["morel"]
    boxed = one.cut_in("Et puis.", 400.0, speaking_s=400.0)
    assert boxed is not None
    assert speakers(boxed) == ["morel"]


def test_a_phase_whose_speakers_are_all_late_is_led_by_someone_in_the_room() -> None:
    phases = [DEBATE["phases"][1] | {"speakers": ["roche"], "lead": "roche"}]
    assert speakers(manager(ENTRANCE, phases=phases).begin(0.0)) == ["morel"]


def test_the_lead_takes_over_once_it_has_arrived() -> None:
    one = begun(ENTRANCE, phases=[DEBATE["phases"][1]])
    play(one, one.answer("Parlons du rail.", 5.0), 5.0, "Parlons du rail.")
    assert speakers(one.end("ended", 9.0)) == ["roche"]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("cue", ["arrive", "show", "news", "cut_in", "time_box", "reclaim"])
def test_every_new_moment_has_its_cue(language: Language, cue: str) -> None:
    assert len(phrases_for(language).cue(cue).split()) > 8


def test_a_document_is_shown_by_a_line_and_known_from_then_on() -> None:
    show = {"id": "note", "when": {"heard": "chiffre"}, "by": "castan", "do": "show"}
    one = begun(show | {"document": PAGE})
    plan = play(one, one.answer("Un chiffre.", 5.0), 5.0, "Un chiffre.")
    assert [(beat.persona, beat.event, beat.kind) for beat in plan.beats] == [
        ("castan", "note", BeatKind.EVENT)
    ]
    assert plan.beats[0].cue == phrases_for("fr").cue("show")
    assert one.scene.fired == ("note",)
    assert PAGE["text"] not in repr(plan)


def test_news_is_brought_by_who_has_it() -> None:
    news = {"id": "greve", "when": {"after_s": 5}, "by": "kerbrat", "do": "news"}
    one = begun(news | {"news": "Une grève commence.", "to": ["castan"]})
    plan = play(one, one.tick(6.0, quiet_s=2.0, busy=False), 6.0)
    assert speakers(plan) == ["kerbrat"]
    assert plan.beats[0].cue == phrases_for("fr").cue("news")
    assert "grève" not in repr(plan)
    assert one.scene.fired == ("greve",)


def test_points_of_a_turn_bring_an_event_at_that_turn() -> None:
    prize = {"id": "bravo", "when": {"score_from": 3}, "by": "castan", "do": "say", "say": "Ah."}
    points = [{"heard": "calendrier", "add": 3}]
    one = begun(prize, points=points)
    plan = one.answer("Voici le calendrier.", 5.0)
    assert [beat.event for beat in plan.beats] == ["bravo"]
    assert one.scene.points == 0
    play(one, plan, 5.0, "Voici le calendrier.")
    assert (one.scene.points, one.scene.scored) == (3, (0,))
    play(one, one.answer("Voici le calendrier.", 9.0), 9.0, "Voici le calendrier.")
    assert one.scene.points == 3


def test_a_scene_without_late_guests_has_all_of_them_from_the_start() -> None:
    assert Scene(seed=1, phase="ouverture").arrived == ()
    assert speakers(manager().begin(0.0)) == ["morel", "roche", "kerbrat", "castan"]
