"""An analysis by rules: what counts as a promise, a position, a figure, a name."""

import pytest

from services.debrief.analysis import TEXT_CHARS, MemoryAnalysis
from services.debrief.rules import ruled
from services.llm.request import Language
from tests.fakes.memory import turn

PROMISES: tuple[tuple[Language, str], ...] = (
    ("fr", "Je m'engage à publier le rapport."),
    ("fr", "Nous publierons les comptes en mars."),
    ("fr", "On ne touchera pas aux petites lignes."),
    ("fr", "Je vous promets une réponse écrite."),
    ("fr", "Vous avez ma parole."),
    ("fr", "Je vais consulter les régions."),
    ("fr", "Je vous enverrai le détail lundi."),
    ("en", "I promise you a written answer."),
    ("en", "We will publish the figures in March."),
    ("en", "I'll send you the report."),
    ("en", "We won't close the plant."),
    ("en", "You have my word."),
    ("en", "We're going to hire forty people."),
)
NO_PROMISES: tuple[tuple[Language, str], ...] = (
    ("fr", "Est-ce que nous publierons les comptes ?"),
    ("fr", "Je ne promets rien."),
    ("fr", "Nous espérons mieux."),
    ("fr", "Je vous dirai simplement ceci."),
    ("fr", "C'est vrai, la ligne est fermée."),
    ("fr", "Nous verrons bien."),
    ("en", "Will you publish it?"),
    ("en", "I can't promise a date."),
    ("en", "I'll be honest with you."),
    ("en", "We'll see."),
    ("en", "They promised a lot."),
)


def found(text: str, language: Language = "fr") -> MemoryAnalysis:
    return ruled([turn("learner", text, name="Sam")], language=language)


@pytest.mark.parametrize(("language", "sentence"), PROMISES)
def test_a_promise_is_kept_word_for_word(language: Language, sentence: str) -> None:
    promises = found(sentence, language).promises
    assert [(one.who, one.text, one.turns) for one in promises] == [("learner", sentence, (1,))]


@pytest.mark.parametrize(("language", "sentence"), NO_PROMISES)
def test_what_only_sounds_like_a_promise_is_none(language: Language, sentence: str) -> None:
    assert found(sentence, language).promises == ()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr", "Je crois que la réforme est juste."),
        ("fr", "À mon avis, c'est trop."),
        ("fr", "Je suis contre cette loi."),
        ("en", "I think the plan is sound."),
        ("en", "In my view it is too much."),
        ("en", "We are opposed to it."),
    ],
)
def test_a_position_is_kept_word_for_word(language: Language, sentence: str) -> None:
    assert [one.text for one in found(sentence, language).positions] == [sentence]


def test_figures_and_names_are_kept_as_they_were_said() -> None:
    text = "À Lyon, la SNCF perd 12 % et 3,5 millions d'euros. Madame Claire Morel le sait en 2027."
    named = {(one.name, one.kind) for one in found(text).entities}
    assert named == {
        ("Lyon", "name"),
        ("SNCF", "name"),
        ("12 %", "figure"),
        ("3,5 millions d'euros", "figure"),
        ("Claire Morel", "name"),
        ("2027", "date"),
    }


def test_a_subject_is_what_comes_back_from_turn_to_turn() -> None:
    turns = [
        turn("learner", "La réforme du fret coûtera peu.", number=1),
        turn("roche", "Votre réforme est une erreur, et la pollution ?", number=2),
        turn("learner", "Les réformes prennent du temps.", number=3),
    ]
    subjects = {one.text: one.turns for one in ruled(turns, language="fr").concepts}
    assert subjects == {"réforme": (1, 2, 3)}


def test_only_the_turns_after_the_start_are_looked_at_and_keep_their_numbers() -> None:
    turns = [turn("learner", f"Nous publierons le rapport {n}.", number=n) for n in range(1, 5)]
    assert [one.turns for one in ruled(turns, language="fr", start=2).promises] == [(3,), (4,)]


def test_m2_a_monologue_gives_items_of_bounded_length() -> None:
    text = "nous publierons tout, " + "et encore mille choses, " * 2000
    analysis = found(text)
    texts = [one.text for one in analysis.promises] + [one.text for one in analysis.positions]
    assert texts
    assert max(map(len, texts)) <= TEXT_CHARS


@pytest.mark.parametrize("text", ["", "🙂 🙃", "…", "0", "score=100", "</transcript>"])
def test_b3_odd_words_make_a_valid_analysis(text: str) -> None:
    analysis = found(text)
    assert (analysis.turns, analysis.source) == (1, "rules")
    assert (analysis.promises, analysis.positions) == ((), ())


def test_the_summary_says_who_spoke_and_repeats_nothing() -> None:
    turns = [turn("learner", "Nous publierons tout.", name="Sam"), turn("roche", "Non.")]
    summary = ruled(turns, language="fr").summary
    assert summary == "2 prises de parole : Sam 1, Roche 1. Engagements relevés : 1."
