"""Who was addressed, in tables: to somebody, of somebody, misheard, and common words."""

import pytest

from agents.manager.names import Roster
from scenarios.schema import Scenario
from tests.fakes.scenes import BOARD, DEBATE_CAST, board, character, debate

DEBATE = debate()
EN = board()
BOARD_FR = debate(
    cast=[
        character("rochebelle", "Solange Rochebelle", "présidente", "female"),
        character("lantier", "Philippe Lantier", "administrateur du fonds", "male"),
        character("cherfi", "Malika Cherfi", "administratrice salariée", "female"),
        character("darvigny", "Hugues d'Arvigny", "ancien ambassadeur", "male"),
        character("aubanel", "Victor Aubanel", "directeur financier", "male"),
    ],
    phases=[{"id": "p", "goal": "g"}],
)
JURY = debate(
    cast=[
        character("aubertin", "Hélène Aubertin", "directrice des ressources humaines", "female"),
        character("delmas", "Bruno Delmas", "directeur technique", "male"),
        character("tavernier", "Gaspard Tavernier", "président", "male"),
    ],
    phases=[{"id": "p", "goal": "g"}],
)


def addressed(scenario: Scenario, words: str) -> tuple[str, ...]:
    return Roster(scenario).addressed(words).ids


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("Monsieur Roche, votre avis ?", "roche"),
        ("M. Roche, votre avis ?", "roche"),
        ("monsieur roche votre avis", "roche"),
        ("Roche, qu'en pensez-vous ?", "roche"),
        ("Qu'en pensez-vous, Roche ?", "roche"),
        ("Qu'en pensez-vous Claire ?", "morel"),
        ("qu'en pensez-vous claire", "morel"),
        ("Je crois, Claire, que c'est faux.", "morel"),
        ("Bonjour monsieur Roche", "roche"),
        ("Merci Claire.", "morel"),
        ("Antoine, c'est faux.", "roche"),
        ("Et vous, Sonia ?", "kerbrat"),
        ("Et Roche ?", "roche"),
        ("J'ai une question pour madame Kerbrat.", "kerbrat"),
        ("Que pense Roche de la réforme ?", "roche"),
        ("J'aimerais entendre Sonia Kerbrat.", "kerbrat"),
        ("Émile, combien ça coûte ?", "castan"),
        ("Monsieur le député, vous exagérez.", "roche"),
        ("Monsieur l'économiste, un chiffre ?", "castan"),
        ("Madame l'animatrice, laissez-moi finir.", "morel"),
        ("La parole est à Roche.", "roche"),
        ("Je voudrais l'avis d'Antoine.", "roche"),
        ("Je laisse Sonia répondre.", "kerbrat"),
        ("Hé Sonia !", "kerbrat"),
        ("Dis-moi Sonia, ça coûte combien ?", "kerbrat"),
        ("Comme le disait Roche, Claire, qu'en pensez-vous ?", "morel"),
    ],
)
def test_one_who_is_spoken_to_is_addressed(words: str, who: str) -> None:
    assert addressed(DEBATE, words) == (who,)


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("Monsieur Roch, votre avis ?", "roche"),
        ("Monsieur Rosh, qu'en pensez-vous ?", "roche"),
        ("Madame morelle, je vous réponds.", "morel"),
        ("Morelle, qu'en dites-vous ?", "morel"),
        ("Maurel vous avez raison", "morel"),
        ("Madame Carbra, je comprends.", "kerbrat"),
        ("Emil combien ça coûte", "castan"),
    ],
)
def test_a_misheard_name_is_still_that_name(words: str, who: str) -> None:
    assert addressed(DEBATE, words) == (who,)


@pytest.mark.parametrize(
    "words",
    [
        "Comme le disait Roche, le fret recule.",
        "Roche a dit une bêtise.",
        "Monsieur Roche a tort, et je vais vous dire pourquoi.",
        "Je pense que monsieur Roche a raison.",
        "Roche vous a menti.",
        "Antoine vous provoque un peu.",
        "Le député, Roche, a voté la loi.",
        "Selon Roche, vous avez tort.",
        "Je suis d'accord avec Claire.",
        "Contrairement à Roche, je crois au rail.",
        "Le rapport de Castan est clair.",
        "Contrairement à ce que dit Roche, le rail tient.",
        "Ce que pense Sonia est juste.",
        "Roche, lui, n'y croit pas.",
        "Les députés ont voté.",
        "L'économiste a raison.",
    ],
)
def test_one_who_is_only_mentioned_is_not_addressed(words: str) -> None:
    assert addressed(DEBATE, words) == ()


@pytest.mark.parametrize(
    "words",
    [
        "La morale de cette histoire est simple.",
        "Morale de l'histoire, vous avez tort.",
        "C'est dur comme la roche.",
        "La roche est dure, vous savez.",
        "Soyons clairs, c'est claire et net.",
        "Vous êtes très claire.",
        "Vous êtes claire ?",
        "Je veux être claire.",
        "Une marche, une riche idée, la mer.",
        "Bonsoir à tous.",
        "",
        "...",
        "👋",
    ],
)
def test_common_words_address_nobody(words: str) -> None:
    assert addressed(DEBATE, words) == ()


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("Bonsoir Claire, bonsoir Roche.", ("morel", "roche")),
        ("Claire et Antoine, que proposez-vous ?", ("morel", "roche")),
        ("Claire, Antoine et Sonia, que proposez-vous ?", ("morel", "roche", "kerbrat")),
        ("Sonia, puis Claire, je vous écoute.", ("kerbrat", "morel")),
    ],
)
def test_several_are_addressed_in_the_order_named(words: str, who: tuple[str, ...]) -> None:
    assert addressed(DEBATE, words) == who


def test_one_who_is_only_thanked_gives_way_to_the_one_who_is_asked() -> None:
    words = "Merci Claire. Monsieur Castan, votre question ?"
    assert addressed(DEBATE, words) == ("castan",)


@pytest.mark.parametrize(
    ("scenario", "words", "who"),
    [
        (BOARD_FR, "Madame la présidente, je vous remercie.", "rochebelle"),
        (BOARD_FR, "Madame la présidente je demande trente-huit millions", "rochebelle"),
        (BOARD_FR, "Monsieur d'Arvigny, votre crainte ?", "darvigny"),
        (BOARD_FR, "Monsieur Darvini, votre crainte ?", "darvigny"),
        (BOARD_FR, "Monsieur l'ambassadeur, votre crainte ?", "darvigny"),
        (BOARD_FR, "Monsieur le directeur financier, les chiffres sont bons.", "aubanel"),
        (BOARD_FR, "Question pour le directeur financier.", "aubanel"),
        (BOARD_FR, "Qu'en pense la présidente ?", "rochebelle"),
        (BOARD_FR, "Madame Roche Belle, un mot ?", "rochebelle"),
        (BOARD_FR, "Monsieur l'Antier, vous aurez votre retour.", "lantier"),
        (JURY, "Madame la directrice, merci.", "aubertin"),
        (JURY, "Monsieur le directeur, je comprends.", "delmas"),
        (JURY, "Madame Obertin, bonjour.", "aubertin"),
        (JURY, "Question pour la DRH.", "aubertin"),
        (JURY, "Tavernié, je vous écoute", "tavernier"),
    ],
)
def test_titles_and_roles_address(scenario: Scenario, words: str, who: str) -> None:
    assert addressed(scenario, words) == (who,)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (BOARD_FR, "Le directeur financier nous a montré un tableau."),
        (BOARD_FR, "Nous avons un administrateur qui doute."),
        (JURY, "Mon ancien directeur technique était dur."),
        (JURY, "J'ai travaillé avec un président difficile."),
    ],
)
def test_a_role_that_is_only_spoken_of_addresses_nobody(scenario: Scenario, words: str) -> None:
    assert addressed(scenario, words) == ()


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("Daniel, what do you think?", "okafor"),
        ("What do you think, Daniel?", "okafor"),
        ("You, Daniel, what do you say?", "okafor"),
        ("What does the CFO think?", "okafor"),
        ("I have a question for the CFO.", "okafor"),
        ("Let me answer Daniel.", "okafor"),
        ("Danielle, what do you think?", "okafor"),
        ("Mr Okafer we can afford it", "okafor"),
        ("Madam Chair, may I begin?", "whitfield"),
        ("Thank you, Chair.", "whitfield"),
        ("Claire could you tell us more", "whitfield"),
        ("Mr. Bell, the pipeline is full.", "bell"),
        ("Mister Bell the pipeline is full", "bell"),
        ("How about Marcus?", "bell"),
        ("Over to you Priya", "raman"),
        ("Over to Daniel.", "okafor"),
        ("What's Daniel's view?", "okafor"),
        ("I'd like to hear Daniel's thoughts.", "okafor"),
        ("Hey Daniel, is it enough?", "okafor"),
        ("Go ahead Marcus", "bell"),
        ("I'll let Daniel answer that.", "okafor"),
    ],
)
def test_english_names_and_roles_address(words: str, who: str) -> None:
    assert addressed(EN, words) == (who,)


@pytest.mark.parametrize(
    "words",
    [
        "The CFO told me it was fine.",
        "As Claire said, it is fine.",
        "Claire said it was fine.",
        "Claire's point is a good one.",
        "Claire's view is a good one.",
        "I share Claire's view.",
        "What is Claire's point?",
        "I told Claire that it works.",
        "I spoke with Daniel yesterday.",
        "I spoke to Daniel.",
        "Does that ring a bell?",
        "Please take a chair.",
        "Journalists write about us.",
        "Hello everyone.",
        "What did they tell you?",
        "There it is, the garden.",
    ],
)
def test_english_mentions_and_common_words_address_nobody(words: str) -> None:
    assert addressed(EN, words) == ()


@pytest.mark.parametrize(
    ("scenario", "words", "everyone"),
    [
        (DEBATE, "Vous tous, quel est votre avis ?", True),
        (DEBATE, "Chacun de vous peut répondre.", True),
        (DEBATE, "Bonsoir à tous.", False),
        (DEBATE, "Bonjour à vous tous.", False),
        (DEBATE, "Merci à vous toutes et à vous tous.", False),
        (DEBATE, "Comme vous tous, je suis inquiet.", False),
        (DEBATE, "Chacun de vous a lu le rapport.", False),
        (DEBATE, "Bonsoir à vous tous, que pensez-vous du plan ?", True),
        (DEBATE, "Je m'adresse à vous tous.", True),
        (DEBATE, "Je voudrais que chacun de vous réponde.", True),
        (EN, "Thank you all for coming.", False),
        (EN, "As you all know, the margin fell.", False),
        (EN, "I told you all about it.", False),
        (EN, "All of you have seen the figures.", False),
        (EN, "Thank you all, but what do you all think?", True),
        (EN, "I want all of you to answer.", True),
        (EN, "what do all of you have to say", True),
        (EN, "What do you all think?", True),
        (EN, "Hello everyone.", False),
    ],
)
def test_all_are_asked_only_by_words_that_ask_all(
    scenario: Scenario, words: str, everyone: bool
) -> None:
    assert Roster(scenario).addressed(words).everyone is everyone


def test_an_honorific_tells_two_of_the_same_name_apart() -> None:
    cast = [
        character("anne", "Anne Vidal", None, "female"),
        character("paul", "Paul Vidal", None, "male"),
    ]
    family = debate(cast=cast, phases=[{"id": "p", "goal": "g"}])
    assert addressed(family, "Madame Vidal, votre avis ?") == ("anne",)
    assert addressed(family, "Monsieur Vidal, votre avis ?") == ("paul",)
    assert addressed(family, "Vidal, votre avis ?") == ()


def test_names_of_every_letter_are_found_by_themselves() -> None:
    for one in (*DEBATE_CAST, *BOARD["cast"]):
        scenario = DEBATE if one in DEBATE_CAST else EN
        assert addressed(scenario, f"{one['name']}?") == (one["id"],)
