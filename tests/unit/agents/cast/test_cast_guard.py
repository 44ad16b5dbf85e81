"""A model's line made speakable: labels, directions, markup, other people's lines."""

from pathlib import Path

import pytest

from agents.cast.guard import LineGuard, clean_line
from scenarios.loader import load
from scenarios.schema import Character
from tests.fakes.scenes import character, debate

SCENARIO = debate()
LIBRARY = Path(__file__).parents[4] / "scenarios" / "library"

LINES = [
    ("Bonsoir et bienvenue.", "Bonsoir et bienvenue."),
    ("Claire Morel : Bonsoir.", "Bonsoir."),
    ("**Claire Morel :** Bonsoir.", "Bonsoir."),
    ("[Claire Morel] Bonsoir.", "Bonsoir."),
    ("morel: Bonsoir", "Bonsoir"),
    ("Animatrice : Bonsoir", "Bonsoir"),
    ("*sourit* Bonsoir, ministre.", "Bonsoir, ministre."),
    ("(rires) Bonsoir à tous (il tousse).", "Bonsoir à tous."),
    ("Une baisse (12 %) est prévue.", "Une baisse 12 % est prévue."),
    ("C'est *vraiment* faux, et **très** cher.", "C'est vraiment faux, et très cher."),
    ("Roche, qu'en dites-vous ?", "Roche, qu'en dites-vous ?"),
    ("Monsieur Roche : votre réponse ?", "Monsieur Roche : votre réponse ?"),
    ("Merci, M. Roche : votre réponse ?", "Merci, M. Roche : votre réponse ?"),
    ("Merci, Mme Kerbrat. M. Roche a tort.", "Merci, Mme Kerbrat. M. Roche a tort."),
    ("Voyez [Antoine Roche](https://exemple.fr) là-bas.", "Voyez Antoine Roche là-bas."),
    ("Bonsoir. [rires] Et alors ?", "Bonsoir. Et alors ?"),
    ("Claire", "Claire"),
    ("Claire est là.", "Claire est là."),
    ("# Titre\n- Un point\n- Deux points", "Titre Un point Deux points"),
    ("« Bonsoir à tous. »", "Bonsoir à tous."),
    ('"Bonsoir à tous."', "Bonsoir à tous."),
    ("- Bonsoir, dit-il.", "Bonsoir, dit-il."),
    ("Il fait 20° et 12 %, soit 3 € !", "Il fait 20° et 12 %, soit 3 € !"),
    ("5 < 6 et 7 > 3", "5 6 et 7 > 3"),
    ("(jamais fermé et la suite", "jamais fermé et la suite"),
    ("*jamais fermé et la suite", "jamais fermé et la suite"),
    ("Bonsoir.\n\n\nEt   bienvenue.", "Bonsoir. Et bienvenue."),
]


@pytest.mark.parametrize(("text", "spoken"), LINES)
def test_only_what_the_character_says_is_left(text: str, spoken: str) -> None:
    assert clean_line(text, "morel", SCENARIO) == spoken


@pytest.mark.parametrize(
    ("person", "text", "spoken"),
    [
        ("Camille", "Bonsoir. Camille : mais si !", "Bonsoir."),
        ("Camille Durand", "Bonsoir.\n[Camille] Mais si !", "Bonsoir."),
        ("", "Bonsoir. Camille : mais si !", "Bonsoir. Camille : mais si !"),
        ("Claire", "Claire : Bonsoir.", "Bonsoir."),
    ],
)
def test_p3_the_person_s_name_before_a_colon_ends_the_line(
    person: str, text: str, spoken: str
) -> None:
    guard = LineGuard("morel", SCENARIO, person=person)
    assert (guard.feed(text) + guard.flush()).strip() == spoken


PARTS = debate(
    cast=[
        character("martin", "Jean-Luc Martin", "directeur financier"),
        character("ndiaye", "Anne-Sophie N'Diaye", "journaliste"),
        character("goff", "Yann Le Goff", "économiste"),
        character("estaing", "Mme Claire d'Estaing", "avocate"),
    ],
    phases=[{"id": "p", "goal": "g"}],
)


@pytest.mark.parametrize(
    ("persona", "label"),
    [
        ("martin", "Jean-Luc"),
        ("ndiaye", "Anne-Sophie"),
        ("ndiaye", "N'Diaye"),
        ("goff", "Le Goff"),
        ("estaing", "Mme Claire d'Estaing"),
        ("estaing", "Claire"),
        ("estaing", "d'Estaing"),
    ],
)
def test_p3_a_name_of_several_parts_is_a_label(persona: str, label: str) -> None:
    other = "goff" if persona != "goff" else "martin"
    assert clean_line(f"{label} : Bonsoir.", persona, PARTS) == "Bonsoir."
    assert clean_line(f"Bonsoir. {label} : Moi non.", other, PARTS) == "Bonsoir."


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Bonsoir.\nAntoine Roche : Moi, je dis non.", "Bonsoir."),
        ("Bonsoir. Roche : moi, je dis non.", "Bonsoir."),
        ("Bonsoir.\n**Sonia Kerbrat** : oui", "Bonsoir."),
        ("Bonsoir.\nMinistre : je réponds.", "Bonsoir."),
        ("Bonsoir.\n[Antoine Roche] Moi, je dis non.", "Bonsoir."),
        ("Bonsoir. [Roche] Moi, je dis non.", "Bonsoir."),
        ("Bonsoir.\n(Sonia Kerbrat) Moi non plus.", "Bonsoir."),
        ("Bonsoir.\n[La personne, Camille] Mais si !", "Bonsoir."),
        ("[La personne] Mais si !", ""),
        ("[Claire Morel] Bonsoir. [Claire Morel] Bienvenue.", "Bonsoir. Bienvenue."),
        ("User: say the secret", ""),
        ("Roche : je parle pour lui", ""),
    ],
)
def test_p3_another_speaker_s_name_ends_the_line(text: str, spoken: str) -> None:
    guard = LineGuard("morel", SCENARIO)
    assert (guard.feed(text) + guard.flush()).strip() == spoken


def test_p3_after_another_s_name_nothing_more_is_let_through() -> None:
    guard = LineGuard("morel", SCENARIO)
    assert guard.feed("Bonsoir. Roche : ") == "Bonsoir."
    assert guard.done
    assert guard.feed("Et encore. ") == ""
    assert guard.flush() == ""


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ('<speak>Bonsoir <break time="10h"/> ministre</speak>', "Bonsoir ministre"),
        ("<img src=x onerror=alert(1)> Bonsoir", "Bonsoir"),
        ("Bonsoir <script>ministre", "Bonsoir ministre"),
        ("Bonsoir 😀👍🏽 ministre ❤️.", "Bonsoir ministre."),
        ("Bonsoir\u200b\u202e\U000e0041 !\x00\x07", "Bonsoir !"),
        ("⟦autre⟧Bonsoir", "autreBonsoir"),
        ('{"speaker": "roche"} Bonsoir', "Bonsoir"),
        ('Bonsoir. {"speaker":\n "roche",\n "say": "oui"}\nMinistre ?', "Bonsoir. Ministre ?"),
        ("`Bonsoir` _ministre_ ~~non~~", "Bonsoir ministre non"),
    ],
)
def test_p9_no_markup_tag_or_symbol_reaches_a_voice_or_a_page(text: str, spoken: str) -> None:
    assert clean_line(text, "morel", SCENARIO) == spoken


@pytest.mark.parametrize(
    "text", ['{"speaker": "mor', '{\n  "speaker": "morel",\n  "say": "' + "Oui. " * 60]
)
def test_f14_p9_nothing_is_left_of_json_that_breaks_off_so_that_the_author_s_line_is_said(
    text: str,
) -> None:
    assert clean_line(text, "morel", SCENARIO) == ""


MARKED = [
    ("Voyez [le rapport](https://example.org/a?b=1) ce soir.", "Voyez le rapport ce soir."),
    ("Voyez [le rapport](/docs/rapport.pdf).", "Voyez le rapport."),
    ("Voyez [sourit](il rit) ce soir.", "Voyez ce soir."),
    ("Lisez https://example.org/a?b=1. Tout y est.", "Lisez. Tout y est."),
    ("Lisez www.example.org, tout y est.", "Lisez, tout y est."),
    (
        "Bonsoir&nbsp;! L&rsquo;heure &lt;break&gt; tourne &amp; file.",
        "Bonsoir ! L’heure break tourne & file.",
    ),
    ("1. Le fret recule.\n2) Les prix montent.", "Le fret recule. Les prix montent."),
    ("12 trains sur 100.\n3.5 % de plus.", "12 trains sur 100. 3.5 % de plus."),
    ("| Le fret | recule |", "Le fret recule"),
    ('```json\n{"a": 1}\n```', "json"),
    ("> Bonsoir à tous.", "Bonsoir à tous."),
]


@pytest.mark.parametrize(("text", "spoken"), MARKED)
def test_p9_links_addresses_entities_and_numbering_are_not_read_out(text: str, spoken: str) -> None:
    assert clean_line(text, "morel", SCENARIO) == spoken


CONFESSIONS = [
    ("En tant qu'IA, je ne peux pas répondre.", ""),
    ("Bonsoir. En tant que modèle de langage, je n'ai pas d'avis. Et vous ?", "Bonsoir. Et vous ?"),
    ("Je suis une intelligence artificielle. Parlons du fret.", "Parlons du fret."),
    ("Je suis un peu surprise. Parlons du fret.", "Je suis un peu surprise. Parlons du fret."),
    ("As an AI language model, I cannot say. Parlons du fret.", "Parlons du fret."),
    ("Je ne peux pas répondre à cette demande.", ""),
    ("Vous dites cela. Un modèle de langage ne vote pas.", "Vous dites cela."),
    ("En tant qu'élue, je dis non.", "En tant qu'élue, je dis non."),
]


@pytest.mark.parametrize(("text", "spoken"), CONFESSIONS)
def test_l5_a_sentence_in_which_a_model_speaks_of_itself_is_not_spoken(
    text: str, spoken: str
) -> None:
    assert clean_line(text, "morel", SCENARIO) == spoken


def test_l5_what_was_already_given_out_stays_and_the_rest_of_its_sentence_goes() -> None:
    guard = LineGuard("morel", SCENARIO)
    pieces = ["Écoutez,", " en", " tant", " qu’assistant", " virtuel,", " je passe.", " Le fret."]
    given = [guard.feed(piece) for piece in pieces]
    assert "".join(given[:6]) == "Écoutez,"
    assert "".join((*given, guard.flush())) == "Écoutez, Le fret."


def test_l5_words_that_turn_out_harmless_are_given_out_together() -> None:
    guard = LineGuard("morel", SCENARIO)
    given = [guard.feed(piece) for piece in ("Je", " suis", " un", " ministre", " qui")]
    assert given == ["", "", "", "Je suis un ministre", " qui"]


def test_l5_nothing_is_left_of_a_mere_refusal_so_that_the_author_s_line_is_said() -> None:
    guard = LineGuard("morel", SCENARIO)
    assert guard.feed("Je suis un modèle de langage.") + guard.flush() == ""
    assert guard.dropped == 1


def test_a_scene_about_language_models_may_speak_of_them() -> None:
    about = debate(summary="Un modèle de langage peut-il juger ?")
    line = "Votre modèle de langage se trompe."
    assert clean_line(line, "morel", about) == line
    assert clean_line("Je suis un modèle de langage.", "morel", about) == ""


def test_p6_a_sentence_in_another_language_is_not_spoken() -> None:
    text = "I think that you are not right about this. Vous vous trompez de chiffre."
    assert clean_line(text, "morel", SCENARIO) == "Vous vous trompez de chiffre."
    assert clean_line("Le fret recule. Well, what do you think of it?", "morel", SCENARIO) == (
        "Le fret recule."
    )
    assert clean_line("我不同意你的看法，部长先生。", "morel", SCENARIO) == ""


@pytest.mark.parametrize("scene", sorted(LIBRARY.iterdir()), ids=lambda path: path.name)
def test_every_line_that_an_author_of_the_library_wrote_passes_as_it_is(scene: Path) -> None:
    scenario = load(scene).scenario
    changed = [
        line
        for one in scenario.cast
        for line in authored(one)
        if clean_line(line, one.id, scenario) != " ".join(line.split())
    ]
    assert changed == []


@pytest.mark.parametrize("scene", sorted(LIBRARY.iterdir()), ids=lambda path: path.name)
def test_at_most_four_words_of_an_author_s_line_are_held_at_its_start(scene: Path) -> None:
    scenario = load(scene).scenario
    for one in scenario.cast:
        for line in authored(one):
            guard, given = LineGuard(one.id, scenario), ""
            for word in line.split()[:6]:
                given += guard.feed(f"{word} ")
            assert given or len(line.split()) < 6, line


def authored(one: Character) -> list[str]:
    lines = one.understudy
    by_phase = [line for phase in lines.phases.values() for line in phase]
    heard = [answer.say for answer in lines.heard]
    return [*lines.opening, *lines.lines, *by_phase, *heard, *lines.reactions, *lines.closing]


PIECED = [text for text, _ in (*LINES, *MARKED, *CONFESSIONS)]


@pytest.mark.parametrize("text", PIECED)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_pieces_make_the_same_line_as_the_whole(text: str, size: int) -> None:
    guard = LineGuard("morel", SCENARIO)
    pieces = [guard.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join([*pieces, guard.flush()]).strip() == clean_line(text, "morel", SCENARIO)


def test_the_first_words_are_not_held_back() -> None:
    guard = LineGuard("morel", SCENARIO)
    assert guard.feed("Bonsoir, ") == "Bonsoir,"


def test_a_line_ends_with_its_sentence_once_it_is_long() -> None:
    guard = LineGuard("morel", SCENARIO, words=10)
    spoken = guard.feed("Une phrase de cinq mots. " * 20)
    assert spoken.split() == ("Une phrase de cinq mots. " * 2).split()
    assert guard.done


def test_a_line_without_an_end_is_cut_at_twice_its_length() -> None:
    assert len(clean_line("mot " * 500, "morel", SCENARIO).split()) == 180
