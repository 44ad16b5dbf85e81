"""What another model is asked, and what is kept of its words, when an answer broke off."""

import pytest

from services.llm.plan.continuation import ContinuationGate, continued
from services.llm.request import Message, Request, TaskType
from tests.fakes.routes import fake_route

SAID = "Le fret recule depuis dix ans."
REQUEST = Request(
    task=TaskType.AGENT_RESPONSE,
    messages=(Message("system", "Tu es Claire."), Message("user", "Bonsoir.")),
    language="fr",
    max_tokens=100,
)


def joined(said: str, text: str, *, midway: bool = False, prefilled: bool = False) -> str:
    """What is heard in all, the second model's text fed by characters."""
    gate = ContinuationGate(said, midway=midway, prefilled=prefilled)
    return said + "".join(gate.feed(character) for character in text) + gate.finish()


@pytest.mark.parametrize(
    "text",
    [
        "Il faut agir vite.",
        " Il faut agir vite.",
        "… Il faut agir vite.",
        "Le fret recule depuis dix ans. Il faut agir vite.",
        "recule depuis dix ans. Il faut agir vite.",
        "« Le fret recule depuis dix ans. » Il faut agir vite.",
        "LE FRET recule, depuis dix ans ! Il faut agir vite.",
        "Le fret recule depuis vingt ans. Il faut agir vite.",
    ],
)
def test_f16_repeated_beginning_is_dropped_after_a_whole_sentence(text: str) -> None:
    assert joined(SAID, text) == f"{SAID} Il faut agir vite."


@pytest.mark.parametrize(
    "text",
    [
        "depuis dix ans. Il faut agir.",
        " depuis dix ans. Il faut agir.",
        "...depuis dix ans. Il faut agir.",
        "recule depuis dix ans. Il faut agir.",
        "Le fret recule depuis dix ans. Il faut agir.",
        "le fret, recule depuis dix ans. Il faut agir.",
    ],
)
def test_f16_sentence_that_was_cut_goes_on_after_its_last_word(text: str) -> None:
    heard = joined("Le fret recule", text, midway=True)
    assert heard == "Le fret recule depuis dix ans. Il faut agir."


def test_f16_sentence_that_was_cut_trails_off_before_a_new_one() -> None:
    heard = joined("Le fret recule", "Parlons des gares. Il faut agir.", midway=True)
    assert heard == "Le fret recule… Parlons des gares. Il faut agir."


def test_f16_prefilled_model_goes_on_with_a_name() -> None:
    heard = joined("Je vais à", " Paris demain. Venez.", midway=True, prefilled=True)
    assert heard == "Je vais à Paris demain. Venez."


def test_f16_prefill_that_comes_back_with_its_beginning_is_not_said_twice() -> None:
    heard = joined("Je vais à", "Je vais à Paris demain.", midway=True, prefilled=True)
    assert heard == "Je vais à Paris demain."


@pytest.mark.parametrize("midway", [False, True])
def test_nothing_but_a_repetition_adds_nothing(midway: bool) -> None:
    said = "Le fret recule" if midway else SAID
    assert joined(said, said, midway=midway) == said


def test_sentence_that_was_said_is_dropped_in_the_middle_too() -> None:
    heard = joined(SAID, "Il faut agir. Le fret recule depuis dix ans. Voilà.")
    assert heard == f"{SAID} Il faut agir. Voilà."


def test_chance_words_in_common_are_kept() -> None:
    assert joined("Cela fait dix ans.", "Ans après ans, rien.") == (
        "Cela fait dix ans. Ans après ans, rien."
    )


def test_cut_sentence_may_end_at_once() -> None:
    assert joined("Le fret recule", ". Il faut agir.", midway=True) == (
        "Le fret recule. Il faut agir."
    )


def test_break_before_the_first_word_trails_off_only_in_a_sentence() -> None:
    assert ContinuationGate("Le fret", midway=True).close() == "…"
    assert ContinuationGate(SAID, midway=False).close() == ""


def test_break_after_words_ends_at_a_sentence() -> None:
    gate = ContinuationGate(SAID, midway=False)
    said = gate.feed("Il faut agir. Et puis il")
    assert said + gate.close() == " Il faut agir."


def test_model_that_takes_a_prefill_gets_its_own_last_words() -> None:
    spec = fake_route(prefill=True).route.spec
    made = continued(REQUEST, spec, SAID)
    assert made.messages == (*REQUEST.messages, Message("assistant", SAID))
    assert made.max_tokens < REQUEST.max_tokens


@pytest.mark.parametrize(
    ("language", "word"), [("fr", "interrompue"), ("en", "broke off"), (None, "broke off")]
)
def test_other_models_are_told_to_go_on_in_the_language(language: str | None, word: str) -> None:
    asked = Request(
        task=REQUEST.task,
        messages=REQUEST.messages,
        language=language,  # type: ignore[arg-type]
    )
    made = continued(asked, fake_route().route.spec, SAID)
    assert made.messages[-2] == Message("assistant", SAID)
    assert made.messages[-1].role == "user"
    assert word in made.messages[-1].content
    assert made.messages[: len(asked.messages)] == asked.messages, "the prefix stays cached"
