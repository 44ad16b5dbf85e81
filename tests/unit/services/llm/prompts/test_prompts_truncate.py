"""A prompt that is too long for a model keeps names, numbers, questions and the latest turns."""

import pytest

from services.core.tokens import tokens_of
from services.llm.prompts.tail import WHOLE_LINES
from services.llm.prompts.truncate import truncated
from services.llm.request import Message

SYSTEM = Message("system", "Tu es Claire Morel, animatrice.")
CHATTER = "nous en sommes plutôt contents et il faudra encore du temps pour tout cela."
FACTS = ("Le fret recule de 12 %.", "Madame Dupont le sait.", "Qui paiera la réforme ?")
TURNS = tuple(Message("user", f"Phrase {n} du débat sur le fret ferroviaire.") for n in range(30))


def cut(messages: tuple[Message, ...], budget_tokens: int) -> tuple[Message, ...]:
    return truncated(messages, budget_tokens=budget_tokens, language="fr")


def talk(*lines: str, tag: str = "conversation", cue: str = "Réponds.") -> tuple[Message, ...]:
    said = "\n".join(f"[Sam] {line}" for line in lines)
    return (SYSTEM, Message("user", f"Entendu :\n<{tag}>\n{said}\n</{tag}>\n\n{cue}"))


def chatty(count: int) -> tuple[str, ...]:
    """Lines of which the first ones hold a fact each, and all hold much else."""
    told = [f"D'abord, {CHATTER} {fact} Enfin, {CHATTER}" for fact in FACTS]
    return (*told, *[f"Alors, {CHATTER}"] * count, *[f"Et puis {n}." for n in range(WHOLE_LINES)])


def test_prompt_that_fits_is_returned_as_it_came() -> None:
    messages = talk(*chatty(5))
    assert cut(messages, tokens_of(messages)) is messages


@pytest.mark.parametrize("tag", ["conversation", "transcript"])
@pytest.mark.parametrize("budget_tokens", [400, 200, 140])
def test_f13_names_numbers_and_questions_outlive_what_else_was_said(
    budget_tokens: int, tag: str
) -> None:
    short = cut(talk(*chatty(60), tag=tag), budget_tokens)
    text = short[1].content
    assert tokens_of(short) <= budget_tokens
    assert [fact for fact in FACTS if fact not in text] == []
    assert [n for n in range(WHOLE_LINES) if f"[Sam] Et puis {n}." not in text] == []
    assert short[0] == SYSTEM
    assert text.endswith("Réponds.")
    assert text.startswith(f"Entendu :\n<{tag}>\n")


def test_f13_facts_in_the_messages_of_a_chat_outlive_the_rest() -> None:
    turns = [Message("user" if n % 2 else "assistant", line) for n, line in enumerate(chatty(40))]
    last = Message("user", "Que faire ?")
    short = cut((SYSTEM, *turns, last), 180)
    assert tokens_of(short) <= 180
    assert [one.content for one in short[1:4]] == list(FACTS)
    assert short[-1] == last
    assert short[-WHOLE_LINES:-1] == tuple(turns[1 - WHOLE_LINES :])


def test_f13_a_mark_stands_where_the_first_line_is_missing() -> None:
    lines = cut(talk(*chatty(60)), 140)[1].content.splitlines()
    assert lines.count("…") == 1


def test_f13_oldest_turns_go_and_the_head_and_the_last_stay() -> None:
    short = cut((SYSTEM, *TURNS), 100)
    assert short[0] == SYSTEM
    assert short[1:] == TURNS[-(len(short) - 1) :]
    assert 1 < len(short) < 10
    assert tokens_of(short) <= 100


def test_f13_latest_lines_go_last_and_the_cue_stays() -> None:
    short = cut(talk(*chatty(9)), 50)
    assert tokens_of(short) <= 50
    assert short[1].content.endswith("[Sam] Et puis 5.\n</conversation>\n\nRéponds.")


def test_f13_one_long_message_keeps_its_end_in_whole_words() -> None:
    long = Message("user", "Le fret recule encore. " * 500 + "Que faire ?")
    short = cut((SYSTEM, long), 60)
    assert short[0] == SYSTEM
    assert short[1].content.endswith("recule encore. Que faire ?")
    assert set(short[1].content.split()) <= set(long.content.split())
    assert tokens_of(short) <= 60


@pytest.mark.parametrize("budget_tokens", [-50, 0, 10])
def test_f13_a_head_that_leaves_no_room_keeps_the_last_words(budget_tokens: int) -> None:
    short = cut((SYSTEM, *TURNS, Message("user", "Le fret recule. " * 99)), budget_tokens)
    assert short[0] == SYSTEM
    assert len(short) == 2
    assert 40 < len(short[1].content) <= 80


@pytest.mark.parametrize("budget_tokens", range(40, 1200, 60))
def test_f13_what_was_truncated_fits_and_stays_as_it_is(budget_tokens: int) -> None:
    once = cut(talk(*chatty(30)), budget_tokens)
    assert tokens_of(once) <= budget_tokens
    assert cut(once, budget_tokens) is once


def test_f13_prompt_of_instructions_alone_is_left_alone() -> None:
    assert cut((SYSTEM,), 1) == (SYSTEM,)
