"""Who knows the subject: what each character's stems are worth when nobody is addressed."""

import pytest

from agents.manager.beats import Rung
from agents.manager.insight import insight_of
from agents.manager.selection import select
from scenarios.hearing import words_of
from scenarios.schema import Scenario
from tests.fakes.scenes import DEBATE_CAST, board, debate
from tests.fakes.situations import scene_of, situation, understudy

FREIGHT = scene_of(
    kerbrat={"knows": ["Le péage des poids lourds augmente."], **understudy("camion", "gasoil")},
    castan={"knows": ["La taxe carbone rapporte deux milliards."], **understudy("taxe")},
    roche={"secrets": [{"id": "vote", "text": "Il possède des éoliennes."}]},
)


def matches(scenario: Scenario, words: str) -> dict[str, float]:
    return insight_of(scenario).expertise.matches(words_of(words))


@pytest.mark.parametrize(
    ("words", "expert"),
    [
        ("Les camions paieront leur gasoil.", "kerbrat"),
        ("Le péage va augmenter pour les poids lourds.", "kerbrat"),
        ("Cette taxe carbone est juste.", "castan"),
        ("Un économiste vous le dirait.", "castan"),
        ("Le transport routier doit changer.", "kerbrat"),
    ],
)
def test_an_expert_of_the_subject_answers_when_nobody_is_addressed(words: str, expert: str) -> None:
    decision = select(situation(words, scenario=FREIGHT))
    assert decision.chosen == (expert,)
    assert decision.rung is Rung.SCORE
    assert decision.reason == "knows the subject best"


def test_a_subject_that_all_share_makes_nobody_its_expert() -> None:
    shared = scene_of(**{one["id"]: understudy("réforme") for one in DEBATE_CAST})
    assert matches(shared, "La réforme, toute la réforme.") == {}


def test_a_subject_of_one_counts_more_than_one_of_two() -> None:
    two = scene_of(kerbrat=understudy("camion", "fret"), castan=understudy("fret"))
    alone, shared = matches(two, "Le camion."), matches(two, "Le fret.")
    assert alone["kerbrat"] > shared["kerbrat"] == shared["castan"] > 0


def test_a_word_said_again_makes_nobody_more_of_an_expert() -> None:
    often = matches(FREIGHT, "Le gasoil, le gasoil, encore le gasoil.")
    assert often == matches(FREIGHT, "Le gasoil.") != {}


def test_a_secret_makes_nobody_an_expert() -> None:
    assert matches(FREIGHT, "Parlons des éoliennes.") == {}


def test_what_a_scenario_tells_is_read_once() -> None:
    assert insight_of(FREIGHT) is insight_of(FREIGHT)
    assert insight_of(FREIGHT) is not insight_of(debate())


def test_usual_words_of_a_persona_tell_no_subject() -> None:
    talk = "Je crois que vous avez raison, et je vous le dis comme je le pense."
    assert matches(FREIGHT, talk) == {}


def test_a_usual_word_that_an_author_waits_for_tells_a_subject() -> None:
    waits = scene_of(castan=understudy("parce que", "pourquoi"))
    assert set(matches(waits, "Et pourquoi donc ?")) == {"castan"}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"title": "apiculteur"}, "Un apiculteur."),
        (understudy("apiculteur"), "Un apiculteur."),
        ({"knows": ["Un apiculteur est venu."]}, "Un apiculteur."),
        ({"persona": "Ancien apiculteur."}, "Un apiculteur."),
    ],
)
def test_every_open_page_of_a_character_tells_what_they_know(
    where: dict[str, object], words: str
) -> None:
    assert set(matches(scene_of(morel=where), words)) == {"morel"}


def test_a_title_tells_more_than_a_persona() -> None:
    title = scene_of(morel={"title": "apiculteur"})
    persona = scene_of(morel={"persona": "Ancien apiculteur."})
    words = "Un apiculteur."
    assert matches(title, words)["morel"] > matches(persona, words)["morel"]


def test_a_phrase_of_an_author_is_met_whole() -> None:
    phrased = scene_of(castan=understudy("taxe carbone"))
    assert "castan" in matches(phrased, "Cette taxe carbone est juste.")
    assert matches(phrased, "Cette taxe sur le carbone.") == {}


def test_the_field_of_a_title_is_known_in_english_too() -> None:
    assert set(matches(board(), "We looked at accounting.")) == {"okafor"}


def test_one_alone_is_no_more_of_an_expert_than_nobody() -> None:
    alone = debate(cast=[DEBATE_CAST[2]], phases=[{"id": "p", "goal": "g"}])
    assert matches(alone, "Le transport routier.") == {}
