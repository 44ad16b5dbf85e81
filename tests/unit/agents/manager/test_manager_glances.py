"""Who is addressed by a field of work, in tables: glance-words, and words that only sound so."""

import pytest

from agents.manager.domains import domains_of
from agents.manager.names import Roster
from scenarios.schema import Scenario
from tests.fakes.scenes import board, character, debate

PHASES = [{"id": "p", "goal": "g"}]
TV = debate()
EN = board()
BOARD = debate(
    cast=[
        character("rochebelle", "Solange Rochebelle", "présidente", "female"),
        character("lantier", "Philippe Lantier", "administrateur du fonds", "male"),
        character("cherfi", "Malika Cherfi", "administratrice salariée", "female"),
        character("darvigny", "Hugues d'Arvigny", "ancien ambassadeur", "male"),
        character("aubanel", "Victor Aubanel", "directeur financier", "male"),
    ],
    phases=PHASES,
)
JURY = debate(
    cast=[
        character("aubertin", "Hélène Aubertin", "directrice des ressources humaines", "female"),
        character("delmas", "Bruno Delmas", "directeur technique", "male"),
        character("tavernier", "Gaspard Tavernier", "président", "male"),
    ],
    phases=PHASES,
)
FLOOR = board(
    cast=[
        character("brandt", "Theo Brandt", "reporter", "male"),
        character("okafor", "Ruth Okafor", "professor", "female")
        | {"persona": "Sixty-three, teaches statistics. Her brother sells houses."},
        character("finch", "Walter Finch", "factory owner", "male"),
        character("raman", "Priya Raman", "key account manager", "female"),
    ],
    phases=PHASES,
)

KILN = debate(
    cast=[
        character("madec", "Anne Madec", "cheffe de four", "female"),
        character("colin", "Paul Colin", "retraité", "male")
        | {"persona": "Professeur de céramique, il connaît la production et la finance."},
    ],
    phases=PHASES,
)


def addressed(scenario: Scenario, words: str) -> tuple[str, ...]:
    return Roster(scenario).addressed(words).ids


@pytest.mark.parametrize(
    ("scenario", "words", "who"),
    [
        (BOARD, "Vous, en finance, vous en pensez quoi ?", "aubanel"),
        (BOARD, "Et vous, aux finances, qu'en dites-vous ?", "aubanel"),
        (BOARD, "Et vous, côté finances ?", "aubanel"),
        (BOARD, "Vous, là-bas, en finance ?", "aubanel"),
        (BOARD, "Vous, au bout de la table, côté finances, qu'en dites-vous ?", "aubanel"),
        (KILN, "Et vous, côté production ?", "madec"),
        (KILN, "Vous, à l'usine, vous en dites quoi ?", "madec"),
        (KILN, "Vous, en céramique, que voyez-vous ?", "colin"),
        (BOARD, "vous en finance vous dites quoi", "aubanel"),
        (BOARD, "Vous, au fonds, vous voulez partir quand ?", "lantier"),
        (BOARD, "Vous qui êtes au fonds, dites-nous.", "lantier"),
        (BOARD, "Vous, chez les salariés, vous en dites quoi ?", "cherfi"),
        (BOARD, "Vous qui représentez les salariés, que voulez-vous ?", "cherfi"),
        (BOARD, "Vous, la diplomatie, vous en dites quoi ?", "darvigny"),
        (BOARD, "Qu'en pensez-vous, aux finances ?", "aubanel"),
        (JURY, "Vous, aux ressources humaines, vous cherchez quoi ?", "aubertin"),
        (JURY, "Et vous, aux RH ?", "aubertin"),
        (JURY, "Vous, à la technique, vous travaillez comment ?", "delmas"),
        (JURY, "vous à la technique vous travaillez comment", "delmas"),
        (TV, "Vous, à l'Assemblée, vous avez voté contre.", "roche"),
        (TV, "Et vous, dans le transport ?", "kerbrat"),
        (EN, "You, in finance, what do you think?", "okafor"),
        (EN, "you in finance what do you think", "okafor"),
        (EN, "And you, in sales?", "bell"),
        (EN, "What about you in sales?", "bell"),
        (EN, "What do you in sales think?", "bell"),
        (EN, "What do you think, in finance?", "okafor"),
        (EN, "You from the press, what will you write?", "raman"),
        (FLOOR, "You, in the press, what will you print?", "brandt"),
        (FLOOR, "You at the university, what do you say?", "okafor"),
        (FLOOR, "You who run the factory, does it work?", "finch"),
        (FLOOR, "You, in statistics, what do you say?", "okafor"),
        (FLOOR, "You, over there, in statistics?", "okafor"),
        (FLOOR, "What does statistics think?", "okafor"),
        (FLOOR, "You, in key accounts, what do you say?", "raman"),
    ],
)
def test_a_you_with_a_field_speaks_to_whose_it_is(scenario: Scenario, words: str, who: str) -> None:
    assert addressed(scenario, words) == (who,)


@pytest.mark.parametrize(
    ("scenario", "words", "who"),
    [
        (BOARD, "Celui qui compte, votre avis ?", "aubanel"),
        (BOARD, "Vous qui tenez les comptes, dites-moi si je me trompe.", "aubanel"),
        (BOARD, "Notre financier, votre avis ?", "aubanel"),
        (BOARD, "Qu'en pensez-vous, notre financier ?", "aubanel"),
        (BOARD, "Celle qui préside, votre avis ?", "rochebelle"),
        (BOARD, "Vous qui présidez, votre avis ?", "rochebelle"),
        (JURY, "La dame des ressources humaines, votre question ?", "aubertin"),
        (JURY, "Vous qui recrutez, que cherchez-vous ?", "aubertin"),
        (JURY, "Notre ingénieur, qu'en pensez-vous ?", "delmas"),
        (TV, "Vous qui roulez, vous le savez mieux que moi.", "kerbrat"),
        (TV, "Vous qui votez les lois, répondez.", "roche"),
        (EN, "Our sales person, what do you say?", "bell"),
        (EN, "our sales person what do you say", "bell"),
        (EN, "The lady from the press, your question?", "raman"),
        (EN, "The gentleman in finance, please?", "okafor"),
        (EN, "Whoever does the numbers, can you confirm this?", "okafor"),
        (EN, "You who run the numbers, is that right?", "okafor"),
        (EN, "Let me ask the finance people.", "okafor"),
    ],
)
def test_a_person_told_by_what_they_do_is_spoken_to(
    scenario: Scenario, words: str, who: str
) -> None:
    assert addressed(scenario, words) == (who,)


@pytest.mark.parametrize(
    ("scenario", "words", "who"),
    [
        (BOARD, "Qu'en pense la finance ?", "aubanel"),
        (BOARD, "J'ai une question pour la finance.", "aubanel"),
        (BOARD, "Je passe la parole aux finances.", "aubanel"),
        (JURY, "Qu'en disent les ressources humaines ?", "aubertin"),
        (EN, "What does finance think?", "okafor"),
        (EN, "I have a question for finance.", "okafor"),
        (EN, "Finance, what do you say?", "okafor"),
        (EN, "Over to sales.", "bell"),
    ],
)
def test_the_floor_given_to_a_field_goes_to_whose_it_is(
    scenario: Scenario, words: str, who: str
) -> None:
    assert addressed(scenario, words) == (who,)


@pytest.mark.parametrize(
    "words",
    [
        "La finance est le nerf de la guerre.",
        "La finance, vous savez, c'est compliqué.",
        "La finance, qu'en pensez-vous ?",
        "Et les finances ?",
        "Je vous parle de finance.",
        "Je vous en finance une partie.",
        "Vous parlez de finances publiques ?",
        "Vous, en finances publiques, c'est une autre affaire.",
        "Avez-vous vu la comptabilité ?",
        "C'est celui qui compte.",
        "Celui qui compte, c'est le client.",
        "Celui qui compte, vous le savez, c'est le client.",
        "Vous qui comptez partir, attendez.",
        "Vous, là-bas, attendez.",
        "Là-bas, en finance, tout va mal.",
        "Vous, ici, vous parlez de finance.",
        "Vous comptez les salariés ?",
        "Notre financier a tout vérifié.",
        "Vous savez, notre comptable est prudent.",
        "Merci à notre comptable.",
        "Le fonds vous a menti.",
        "Je vous présente le fonds.",
        "Chez vous, au fonds du couloir, c'est calme.",
        "Pour les salariés, vous aurez un plan.",
        "Il faut donner la parole aux salariés.",
        "Je pense à vous et aux salariés.",
        "Je m'adresse à vous et aux salariés de l'usine.",
        "Nous avons demandé aux finances de vérifier.",
    ],
)
def test_a_field_that_is_only_spoken_of_addresses_nobody(words: str) -> None:
    assert Roster(BOARD).addressed(words).ids == ()


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (JURY, "J'ai travaillé aux ressources humaines."),
        (JURY, "Travaillez-vous avec les ressources humaines ?"),
        (JURY, "La technique, c'est mon métier."),
        (JURY, "J'aime la technique, vous savez."),
        (JURY, "Je m'intéresse à la technique."),
        (JURY, "Vous êtes à la pointe de la technique."),
        (JURY, "Selon vous, à la technique, que manque-t-il ?"),
        (JURY, "Notre ingénieur, à l'époque, avait quitté l'équipe."),
        (JURY, "Vous avez un bureau d'études ?"),
        (KILN, "La production, vous en pensez quoi ?"),
        (KILN, "Vous, en finance, vous savez ?"),
        (TV, "Vous roulez sur la route ?"),
        (TV, "Celui qui roule paie."),
        (TV, "Nos routiers, vous le savez, souffrent."),
        (TV, "Le transport, vous en parlez beaucoup."),
        (TV, "L'économie va mal, vous savez."),
        (TV, "Je vous renvoie à l'Assemblée."),
        (TV, "Vous, à l'Assemblée nationale populaire, c'est loin."),
    ],
)
def test_french_near_misses_address_nobody(scenario: Scenario, words: str) -> None:
    assert addressed(scenario, words) == ()


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (EN, "Finance is the problem."),
        (EN, "Does finance matter?"),
        (EN, "What about finance?"),
        (EN, "What does finance mean here?"),
        (EN, "You invest in finance."),
        (EN, "Are you in finance?"),
        (EN, "You know the finance people."),
        (EN, "The finance side is fine."),
        (EN, "I worked in finance, as you know."),
        (EN, "We asked finance last week."),
        (EN, "Could you in finance terms explain that?"),
        (EN, "Did you in the end agree?"),
        (EN, "I met you in sales."),
        (EN, "Let me turn to sales."),
        (EN, "Our sales person said it was fine."),
        (EN, "Thanks to our sales team, we grew."),
        (EN, "The sales team did it, you know."),
        (EN, "Sales, you know, are up."),
        (EN, "Sales are up, what do you think?"),
        (EN, "The question for sales is whether we grow."),
        (EN, "The press will love you."),
        (EN, "You, in the press of time, forgot."),
        (FLOOR, "The factory, as you know, is closed."),
        (FLOOR, "Were you at the university?"),
        (FLOOR, "Statistics, you know, can lie."),
        (FLOOR, "You see, in statistics that happens."),
        (FLOOR, "The statistics there are wrong, what do you think?"),
        (FLOOR, "You, in houses, what do you say?"),
    ],
)
def test_english_near_misses_address_nobody(scenario: Scenario, words: str) -> None:
    assert addressed(scenario, words) == ()


def test_a_name_and_a_field_address_both_in_their_order() -> None:
    words = "Vous, aux finances, et vous, Malika, qu'en pensez-vous ?"
    assert addressed(BOARD, words) == ("aubanel", "cherfi")


def test_a_field_of_two_is_nobodys() -> None:
    both = [
        character("dana", "Dana Whitlock", "vice president of sales"),
        character("rex", "Rex Calloway", "top seller"),
    ]
    sales = board(cast=both, phases=PHASES)
    assert addressed(sales, "You, in sales, what do you think?") == ()
    assert [persona for persona, domain in domains_of(sales) if domain.id == "sales"] == []


def test_the_words_of_a_title_are_a_field() -> None:
    owned = {(persona, name) for persona, one in domains_of(FLOOR) for name in one.names}
    assert ("raman", ("key", "account")) in owned
    assert ("finch", ("factory",)) in owned


@pytest.mark.parametrize(
    ("scenario", "words", "who"),
    [
        (
            BOARD,
            "Je réponds d'abord à madame Rochebelle, puis à monsieur Lantier.",
            ("rochebelle", "lantier"),
        ),
        (
            BOARD,
            "Je réponds à madame Cherfi, et ensuite à monsieur Aubanel.",
            ("cherfi", "aubanel"),
        ),
        (EN, "I will reply to Ms. Raman, and then to Mr. Bell.", ("raman", "bell")),
        (BOARD, "J'ai parlé à madame Rochebelle, puis à monsieur Lantier.", ()),
        (BOARD, "Le rapport va de la présidente, puis à monsieur Lantier.", ()),
        (EN, "We wrote to Ms. Raman, and then to Mr. Bell.", ()),
    ],
)
def test_who_comes_next_in_one_sentence_is_addressed_too(
    scenario: Scenario, words: str, who: tuple[str, ...]
) -> None:
    assert addressed(scenario, words) == who
