"""What the vendor's stub says: as long as asked, and never what a cast may not say again."""

import pytest

from agents.cast.echoes import is_echo
from bench.vendor_words import SHORT, answer, language_of
from scenarios.fields import Language

PROMPTS: dict[Language, str] = {
    "fr": "Répondez à la question que vous venez d'entendre, pour la {}e fois.",
    "en": "Answer the question that you have heard, for the {}th time.",
}
LANGUAGES: tuple[Language, ...] = ("fr", "en")


def prompts(language: Language, count: int) -> list[list[str]]:
    return [["You are Ada.", PROMPTS[language].format(at)] for at in range(count)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hundred_prompts_get_a_hundred_answers_of_which_hardly_one_echoes_another(
    language: Language,
) -> None:
    answers = [answer(texts, words=8) for texts in prompts(language, 100)]
    assert len(set(answers)) == 100
    echoes = [one for at, one in enumerate(answers) if is_echo(one, answers[:at], language)]
    assert len(echoes) <= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_prompt_holds_is_not_said_again(language: Language) -> None:
    said: list[str] = []
    for _ in range(30):
        said.append(answer([PROMPTS[language], *said], words=16))
    sentences = [one for line in said for one in line.rstrip(".").split(". ")]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", [5, 8, 20, 24, 60, 300])
def test_an_answer_is_as_long_as_asked_to_the_end_of_its_sentence(
    language: Language, words: int
) -> None:
    (texts,) = prompts(language, 1)
    length = len(answer(texts, words=words).split())
    assert words <= length < words + 9
    assert answer(texts, words=words).endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_is_in_the_language_of_its_prompt_and_the_same_each_time(
    language: Language,
) -> None:
    for texts in prompts(language, 20):
        said = answer(texts, words=24)
        assert language_of([said]) == language
        assert said == answer(list(texts), words=24)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_short_answer_is_a_formula_that_anybody_may_say_again(language: Language) -> None:
    (texts,) = prompts(language, 1)
    assert answer(texts, words=4) == SHORT[language]
    assert not is_echo(SHORT[language], [SHORT[language]], language)
