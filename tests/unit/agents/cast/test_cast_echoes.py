"""What counts as saying it again, in both languages, and how an echo is kept out of a line."""

import pytest

from agents.cast.echoes import EchoGuard, is_echo, may_become_echo
from scenarios.fields import Language

FREIGHT = "Le fret recule depuis dix ans, et votre réforme n'y change rien."
TRACKS = "Votre plan oublie les lignes régionales. Qui paiera leur modernisation, les régions ?"
MARGIN = "Your margin fell by 12 percent last year, and the plan does not say why."
TEAM = (
    "The team is too small for three new markets. "
    "What will you do about hiring senior engineers abroad?"
)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("fr", "Votre réforme ne change rien au recul du fret depuis dix ans.", FREIGHT),
        ("fr", "Depuis dix ans le fret recule et la réforme ne change rien, ministre.", FREIGHT),
        ("fr", FREIGHT.upper(), FREIGHT),
        ("fr", "Les régions, qui paiera leur modernisation ?", TRACKS),
        ("fr", "D'accord. Mais votre plan oublie toutes les lignes régionales.", TRACKS),
        ("fr", "Et qui paiera la réforme, l'État ou les régions ?", "Qui paiera cette réforme ? "
         "Les régions ou l'État, qui paiera la réforme ?"),
        ("fr", "Vous voyez bien que ce n'est pas à nous de le dire.",
         "Vous voyez bien que ce n'est pas à nous de le dire."),
        ("en", "The plan does not say why your margin fell by 12 percent last year.", MARGIN),
        ("en", "For three new markets, the team you have is simply too small.", TEAM),
        ("en", "And about hiring senior engineers abroad, what will you do?", TEAM),
        ("en", TEAM, TEAM),
    ],
)  # fmt: skip
def test_same_thought_in_other_words_order_is_an_echo(
    language: Language, text: str, said: str
) -> None:
    assert is_echo(text, ["Bonsoir.", said], language)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("fr", "Je vous écoute.", "Je vous écoute."),
        ("fr", "Et concrètement ?", "Et concrètement ?"),
        ("fr", "Non, je ne suis pas d'accord.", "Je ne suis pas d'accord."),
        ("fr", "Pourquoi le fret recule-t-il depuis dix ans ?", FREIGHT),
        ("fr", "Le fret progresse depuis dix ans.", FREIGHT),
        ("fr", "Quel budget prévoyez-vous pour le fret régional en 2025 ?",
         "Quel calendrier prévoyez-vous pour le fret régional en 2025 ?"),
        ("fr", "Quand commencera la modernisation des lignes ?",
         "Qui paiera la modernisation des lignes ?"),
        ("fr", "Je ne crois pas à votre plan de relance du fret.",
         "Je crois à votre plan de relance du fret."),
        ("fr", "Vous promettez 12 % de fret en plus dans trois ans.",
         "Vous promettez 15 % de fret en plus dans trois ans."),
        ("fr", "Votre réforme coûte cher aux régions, et le fret recule.", FREIGHT),
        ("en", "I see.", "I see."),
        ("en", "Go on, please.", "Please go on."),
        ("en", "Why did your margin fall by 12 percent last year?", MARGIN),
        ("en", "Who will pay for the three new markets?", "When will the three new markets open?"),
        ("en", "The team is strong enough for three new markets.",
         "The team is not strong enough for three new markets."),
        ("en", "What is your plan for hiring in Germany next year?",
         "What is your budget for hiring in Germany next year?"),
        ("en", "", "Anything at all."),
    ],
)  # fmt: skip
def test_formulas_other_questions_and_objections_are_no_echo(
    language: Language, text: str, said: str
) -> None:
    assert not is_echo(text, ["Bonsoir.", said], language)


def test_nothing_is_an_echo_of_nothing() -> None:
    assert not is_echo(FREIGHT, [], "fr")
    assert not may_become_echo("Le fret recule", [], "fr")


def passed(guard: EchoGuard, text: str) -> list[str]:
    """What came out after each word and at the end; "" where nothing did."""
    words = text.split(" ")
    pieces = [word if n == 0 else f" {word}" for n, word in enumerate(words)]
    return [*(guard.feed(piece) for piece in pieces), guard.flush()]


def test_echo_lets_nothing_of_its_line_through() -> None:
    guard = EchoGuard(lambda: [FREIGHT], "fr")

    assert (
        "".join(passed(guard, "Le fret recule depuis dix ans, la réforme n'y change rien. Bon."))
        == ""
    )
    assert guard.echoed


def test_new_sentence_goes_out_before_it_is_whole() -> None:
    guard = EchoGuard(lambda: [FREIGHT], "fr")
    out = passed(guard, "Le budget de votre réforme pèse lourd sur les régions cette année.")

    assert "".join(out[:7]) == "Le budget de votre réforme pèse lourd"
    assert not guard.echoed


def test_sentence_that_begins_alike_and_ends_otherwise_goes_out_whole() -> None:
    guard = EchoGuard(lambda: [FREIGHT], "fr")
    text = "Le fret recule depuis dix ans, mais les péniches progressent partout en Europe."

    assert "".join(passed(guard, text)) == text
    assert not guard.echoed


def test_patient_line_lets_nothing_out_before_its_first_sentence_is_whole() -> None:
    guard = EchoGuard(list, "fr", patient=lambda: True)

    assert passed(guard, "Je salue tout le monde. Et après ?")[:5] == [
        "", "", "", "", "Je salue tout le monde.",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["Qui décide au bout du compte ?", "Et pour qui donc, déjà ?"])
def test_very_same_words_are_an_echo_however_short_and_long_ago(text: str) -> None:
    guard = EchoGuard(list, "fr", ever=lambda: [text, *(["Le fret recule."] * 40)])

    assert "".join(passed(guard, text)) == ""
    assert guard.echoed
    assert is_echo(text, [text], "fr")


def test_sentence_that_begins_with_old_words_goes_out_once_it_leaves_them() -> None:
    guard = EchoGuard(list, "fr", ever=lambda: ["Qui décide au bout du compte ?"])
    out = passed(guard, "Qui décide au conseil, et quand ?")

    assert out[:5] == ["", "", "", "", "Qui décide au conseil, et"]
    assert "".join(out) == "Qui décide au conseil, et quand ?"


def test_words_that_another_one_is_just_saying_are_an_echo() -> None:
    guard = EchoGuard(lambda: ["Bonsoir. Qui décide au bout"], "fr", patient=lambda: True)

    assert "".join(passed(guard, "Qui décide au bout du compte ?")) == ""
    assert guard.echoed


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("fr", f"M. Roche, {FREIGHT[0].lower()}{FREIGHT[1:]}", FREIGHT),
        ("en", f"Mr. Bell, {MARGIN[0].lower()}{MARGIN[1:]}", MARGIN),
        ("en", "Dr. Bell asked for a plan.", "Dr. Bell asked for a plan."),
    ],
)
def test_the_point_of_an_honorific_ends_no_first_sentence(
    language: Language, text: str, said: str
) -> None:
    guard = EchoGuard(lambda: (said,), language)
    assert "".join(map(guard.feed, text)) + guard.flush() == ""
    assert guard.echoed


def test_later_echo_is_left_out_and_the_rest_is_said() -> None:
    guard = EchoGuard(lambda: [FREIGHT, TRACKS], "fr")
    text = f"Parlons d'abord du calendrier européen. {FREIGHT} Et les syndicats, que disent-ils ?"

    assert "".join(passed(guard, text)) == (
        "Parlons d'abord du calendrier européen. Et les syndicats, que disent-ils ?"
    )
    assert (guard.echoed, guard.dropped) == (False, 1)


def test_every_word_goes_out_at_once_where_nothing_was_said_before() -> None:
    guard = EchoGuard(list, "fr")

    assert passed(guard, "Le fret recule.") == ["Le", " fret", " recule.", ""]


@pytest.mark.parametrize(
    "text", ["Hausse de 3.5 points, enfin.", "M. Roche, et vous ?", "Ah... bon."]
)
def test_text_that_is_no_echo_loses_no_character(text: str) -> None:
    assert "".join(passed(EchoGuard(lambda: [FREIGHT, TRACKS], "fr"), text)) == text
