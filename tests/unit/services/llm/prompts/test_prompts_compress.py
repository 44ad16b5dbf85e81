"""Compression: only the tail, only what says nothing new, only where it pays."""

from itertools import pairwise

import pytest

from services.core.tokens import tokens_of
from services.llm.prompts.compress import STEP_LINES, Squeezed, squeeze
from services.llm.prompts.gist import gist, tidy
from services.llm.prompts.tail import WHOLE_LINES
from services.llm.request import Language, Message
from services.llm.spec import Rates

USD_A_MILLION = 1_000_000_000
LUNA = Rates(
    input_nano=USD_A_MILLION // 10,
    cached_nano=USD_A_MILLION // 100,
    write_nano=USD_A_MILLION // 8,
    output_nano=USD_A_MILLION // 2,
)
UNCACHED = Rates(
    input_nano=150_000_000,
    cached_nano=150_000_000,
    write_nano=150_000_000,
    output_nano=350_000_000,
    currency="EUR",
    to_usd_micro=1_100_000,
)
RULES = "Tu joues un personnage dans un jeu de rôle oral. "
CHATTER = (
    "Nous avons beaucoup travaillé, avec tous ceux qui le voulaient bien. Cela se voit déjà un peu "
    "partout, et nous en sommes plutôt contents. Il faudra encore du temps pour que cela se sache."
)


def said(n: int, body: str = CHATTER) -> str:
    return f"[La personne] Réponse {n}. {body}"


def prompt(lines: list[str], *, rules: int = 10, cue: str = "Réponds.") -> tuple[Message, ...]:
    talk = "\n".join(["Ce qui a été entendu :", "<conversation>", *lines, "</conversation>"])
    return (Message("system", RULES * rules), Message("user", f"{talk}\n\n{cue}"))


def squeezed(messages: tuple[Message, ...], rates: Rates = UNCACHED) -> Squeezed:
    return squeeze(messages, rates=rates, language="fr")


LONG = prompt([said(n) for n in range(20)])


def test_trap_20_the_prefix_is_never_touched() -> None:
    double = Message("system", "Règle   avec  trop   de blancs.  \n\n\n\n" * 40)
    made = squeezed((double, LONG[0], LONG[1]))
    assert made.saved_tokens > 0
    assert made.messages[:2] == (double, LONG[0])


def test_a_short_tail_is_returned_as_it_came() -> None:
    messages = (LONG[0], Message("user", "Bonsoir   à  tous."))
    assert squeezed(messages).messages is messages


@pytest.mark.parametrize("rates", [LUNA, UNCACHED], ids=["cached", "uncached"])
def test_squeezing_twice_changes_nothing_more(rates: Rates) -> None:
    once = squeezed(LONG, rates)
    again = squeezed(once.messages, rates)
    assert again.messages == once.messages
    assert again.saved_tokens == 0
    assert squeezed(LONG, rates) == once


def test_old_lines_keep_who_spoke_and_their_facts() -> None:
    body = (
        "Nous avons beaucoup travaillé, comme on travaille quand on y croit vraiment. Le fret "
        "recule de 12 % par an. Tout cela prend du temps et beaucoup de patience aussi. Qu'en "
        "pense Roche ? Il faut encore attendre un peu. Elle a dit « jamais » devant tous."
    )
    lines = squeezed(prompt([said(n, body) for n in range(20)])).messages[1].content.splitlines()
    old = lines[2]
    for fact in ("[La personne] Réponse 0.", "12 %", "Qu'en pense Roche ?", "« jamais »"):
        assert fact in old
    assert "patience" not in old
    assert "…" in old


def test_the_latest_lines_and_the_instruction_stay_word_for_word() -> None:
    lines = squeezed(LONG).messages[1].content.splitlines()
    assert lines[-1] == "Réponds."
    talk = lines[lines.index("<conversation>") + 1 : lines.index("</conversation>")]
    assert talk[-WHOLE_LINES:] == [said(n) for n in range(20)][-WHOLE_LINES:]
    assert len(talk) == 20


def test_lines_grow_old_a_step_at_a_time_so_that_the_tail_only_grows() -> None:
    tails = [
        squeezed(prompt([said(n) for n in range(count)])).messages[1].content.splitlines()[2:-3]
        for count in range(WHOLE_LINES + STEP_LINES, WHOLE_LINES + 2 * STEP_LINES)
    ]
    for shorter, longer in pairwise(tails):
        assert longer[: len(shorter)] == shorter


def test_a_cached_tail_is_left_alone_where_the_discount_is_worth_more() -> None:
    messages = prompt([said(n) for n in range(20)], rules=100)
    made = squeezed(messages, LUNA)
    assert made.messages is messages
    assert made.refused == "discount"
    assert made.refused_nano > 0
    assert made.saved_nano == 0
    assert squeezed(messages, UNCACHED).refused is None


def test_a_prompt_is_not_made_too_short_to_be_cached() -> None:
    rates = Rates(input_nano=100, cached_nano=99, write_nano=100, output_nano=1)
    lines = [said(n) for n in range(20)]
    rules = next(n for n in range(200) if tokens_of(prompt(lines, rules=n)) > 1100)
    made = squeezed(prompt(lines, rules=rules), rates)
    assert made.refused == "minimum"
    assert made.saved_tokens == 0


def test_what_was_saved_is_what_the_vendor_would_have_billed() -> None:
    made = squeezed(LONG)
    assert made.saved_tokens == tokens_of(LONG) - tokens_of(made.messages) > 0
    assert made.saved_nano == made.saved_tokens * 150 * 11 // 10


def test_blanks_go_everywhere_in_the_tail() -> None:
    lines = [said(n).replace(" avec", "   \tavec") for n in range(8)]
    made = squeezed(prompt(lines, cue="\n\n\nRéponds.  "), LUNA)
    assert "  " not in made.messages[1].content
    assert "\n\n\n" not in made.messages[1].content
    assert [said(n) in made.messages[1].content for n in range(8)] == [True] * 8


def test_an_instruction_that_stands_above_is_not_said_again() -> None:
    rule = "Tu ne répètes jamais tes propres phrases."
    tail = f"{rule}\n{rule}\nParle en français, s'il te plaît.\n{'mot ' * 300}\n{rule}"
    made = squeezed((Message("system", f"Règles.\n{rule}"), Message("user", tail)))
    assert made.messages[1].content.count(rule) == 1
    assert made.messages[1].content.endswith(rule)


def test_somebody_s_repeated_words_are_kept_as_long_as_they_are_recent() -> None:
    lines = [said(0)] * 6
    made = squeezed(prompt(lines))
    assert made.messages[1].content.count(said(0)) == 6


def test_old_messages_of_a_chat_are_shortened_and_none_disappears() -> None:
    turns = [
        Message("user" if n % 2 == 0 else "assistant", f"Réponse {n}. {CHATTER}") for n in range(21)
    ]
    made = squeezed((LONG[0], *turns)).messages
    assert [one.role for one in made] == ["system", *(one.role for one in turns)]
    assert made[-WHOLE_LINES:] == tuple(turns[-WHOLE_LINES:])
    assert len(made[1].content) < len(turns[0].content)


@pytest.mark.parametrize(
    ("language", "sentence", "kept"),
    [
        ("fr", "Dupont en parlait déjà souvent.", True),
        ("fr", "Franchement ce serait trop long à dire.", False),
        ("en", "Parker said so as well.", True),
        ("en", "There is so much to say here.", False),
        (None, "Cela viendra bien assez tôt.", False),
        ("fr", "La SNCF le sait depuis longtemps.", True),
        ("en", "Is it so.", False),
        ("en", "Is it so?", True),
    ],
)
def test_names_numbers_and_questions_are_facts(
    language: Language | None, sentence: str, kept: bool
) -> None:
    shorter = gist(f"[Sam] Voilà. {'mot ' * 30}fin. {sentence}", language)
    assert (sentence in shorter) is kept


def test_tidying_keeps_what_begins_a_line() -> None:
    assert tidy("a  b \n    c\td\n\n\n\ne") == "a b\n    c d\n\ne"
