"""Token estimates, and what bills teach about them."""

from dataclasses import dataclass

import pytest

from services.core.tokens import TokenFactors, estimate_tokens, tokens_of

# Counted with o200k_base (rs-bpe 0.1.0).
COUNTED = [
    (
        46,
        "Thank you for that keynote. We have ten minutes, a full house and one kitchen timer. Let "
        "me begin: what did you leave out tonight? Before the floor has its turn, what surprised "
        "you most in your own study?",
    ),
    (
        37,
        "Je vais être bref, et Claire va noter l’événement. Pourquoi cette réforme commence-t-elle "
        "par une taxe ? Dans ma ville, la gare est devenue une boutique de bougies.",
    ),
]


@dataclass(frozen=True)
class Words:
    content: str


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        (" \n", 0, 0),
        ("Bonsoir à tous.", 4, 6),
        ("The quick brown fox jumps over the lazy dog.", 8, 13),
        ("2026", 2, 2),
        ("anticonstitutionnellement", 4, 7),
    ],
)
def test_estimate_is_near_what_a_vendor_counts(text: str, low: int, high: int) -> None:
    assert low <= estimate_tokens(text) <= high


@pytest.mark.parametrize(("counted", "text"), COUNTED)
def test_estimate_is_within_a_sixth_of_a_real_tokenizer_s_count(counted: int, text: str) -> None:
    assert estimate_tokens(text) == pytest.approx(counted, rel=1 / 6)


def test_longer_text_is_never_worth_less() -> None:
    text = "Le fret recule depuis dix ans, et personne ne s'en émeut.\n" * 8
    counts = [estimate_tokens(text[:end]) for end in range(len(text))]
    assert counts == sorted(counts)


def test_a_long_text_is_worth_the_sum_of_its_lines() -> None:
    lines = [f"[Sam] Voici la phrase numéro {n}, elle est dite une fois." for n in range(30)]
    whole = estimate_tokens("\n".join(lines))
    assert whole == sum(estimate_tokens(line) for line in lines)


def test_a_prompt_is_worth_its_texts_and_what_the_chat_format_adds() -> None:
    messages = [Words("Bonsoir à tous."), Words("Le fret recule. " * 40)]
    texts = sum(estimate_tokens(one.content) for one in messages)
    assert tokens_of(messages) == texts + 2 * 4 + 3
    assert tokens_of([]) == 3


def test_what_was_never_billed_keeps_its_estimate() -> None:
    factors = TokenFactors()
    assert factors.factor("gpt-6-luna", "fr") == 1.0
    assert factors.corrected("gpt-6-luna", "fr", 500) == 500


def test_bills_correct_the_estimate_of_their_model_and_language_only() -> None:
    factors = TokenFactors()
    for _ in range(60):
        factors.learn("mistral-small", "fr", estimated=1000, actual=1200)
    assert factors.factor("mistral-small", "fr") == pytest.approx(1.2, abs=0.01)
    assert factors.corrected("mistral-small", "fr", 100) == 120
    assert factors.factor("mistral-small", "en") == 1.0
    assert factors.factor("gpt-6-luna", "fr") == 1.0


def test_one_odd_bill_moves_a_learnt_factor_little() -> None:
    factors = TokenFactors()
    for _ in range(60):
        factors.learn("m", None, estimated=1000, actual=1000)
    factors.learn("m", None, estimated=1000, actual=1500)
    assert factors.factor("m", None) == pytest.approx(1.05, abs=0.01)


@pytest.mark.parametrize(
    ("estimated", "actual"), [(10, 40), (0, 100), (100, 0), (100, -5)], ids=str
)
def test_l12_short_and_absurd_bills_teach_nothing(estimated: int, actual: int) -> None:
    factors = TokenFactors()
    factors.learn("m", "fr", estimated=estimated, actual=actual)
    assert factors.factor("m", "fr") == 1.0


def test_l12_a_factor_stays_within_a_half_and_twice() -> None:
    factors = TokenFactors()
    for _ in range(100):
        factors.learn("m", "fr", estimated=100, actual=10_000_000)
        factors.learn("n", "fr", estimated=1000, actual=1)
    assert factors.factor("m", "fr") <= 2.0
    assert factors.factor("n", "fr") >= 0.5
