"""Closed questions are recognised in French and English, marked or merely spoken."""

import pytest

from services.llm.models.questions import is_closed
from services.llm.request import Language

CLOSED_EN = """\
Do you agree?
Is it true?
Are you ready, Ms Morel?
So, does it cost more?
Mr. Roche, have you read the report?
I have seen the numbers. Were they checked?
Isn't that a lie?
Has it gone up by 12.5 %?
Do you prefer trains or trucks?
Thanks. “Shall we start?”
You agree?
It's expensive, isn't it?
You signed it, right?
You don't trust him, do you?
Really?
Yes or no?
do you think it will work
Is that your final answer
Why not? Would you vote for it?
"""
CLOSED_FR = """\
Êtes-vous d'accord ?
Est-ce que vous êtes prêt ?
Le ministre est-il informé ?
C'est vrai ?
Vous partez demain ?
Vous êtes contre, n'est-ce pas ?
N’est-ce pas dangereux ?
Tu viens, non ?
Vous le saviez, hein ?
Monsieur Roche, acceptez-vous cette réforme ?
Y a-t-il un risque ?
Oui ou non ?
Vous confirmez ce chiffre, oui ou non
D'accord ?
Vraiment ?
Pensez-vous que c'est juste ?
Est-ce vous qui décidez ?
Pouvez-vous me dire si c'est vrai ?
Peut-on dire que c'est fini ?
est-ce que c'est vrai
avez-vous lu le rapport
Pourquoi pas. Êtes-vous prêt ?
"""
OPEN_EN = """\
Why did you leave?
What do you think?
How are you?
It costs how much?
Who decided?
At what price?
Which one?
You did it when?
Can you explain the reform?
Could you please describe your plan?
Could you list the risks?
Can you tell me more about that?
Could you walk me through it?
Would you mind explaining that?
Would you like to elaborate?
Do you know why he left?
Do you remember who came?
Do you agree? Why?
Is it true? Explain.
And the budget?
I disagree.
Tell me about it.
Do it now
Have the report ready
Please list the risks
"""
OPEN_FR = """\
Pourquoi partez-vous ?
Comment allez-vous ?
Combien ça coûte ?
Qu'est-ce que vous pensez ?
Que pensez-vous de la réforme ?
Quel est le prix ?
Où est-il ?
Quand est-ce que vous partez ?
Vous partez quand ?
Qui a décidé ?
À qui avez-vous parlé ?
Vous proposez quoi ?
Pouvez-vous m'expliquer la réforme ?
Pourriez-vous préciser ?
Voulez-vous développer ?
Peux-tu me dire ce que tu veux ?
Est-ce que vous pouvez nous raconter ce jour ?
Savez-vous quand il part ?
Êtes-vous d'accord ? Pourquoi ?
Et le budget ?
Je ne suis pas d'accord.
Parlez-nous de vous.
Dites-moi tout.
Asseyez-vous.
Allez-vous-en
Donnez-moi un rendez-vous
"""


def cases(*groups: tuple[Language, str]) -> list[tuple[Language, str]]:
    return [(language, line) for language, text in groups for line in text.splitlines()]


@pytest.mark.parametrize(("language", "text"), cases(("en", CLOSED_EN), ("fr", CLOSED_FR)))
def test_yes_or_no_is_asked_for(language: Language, text: str) -> None:
    assert is_closed(text, language)
    assert is_closed(text, None)


@pytest.mark.parametrize(("language", "text"), cases(("en", OPEN_EN), ("fr", OPEN_FR)))
def test_more_than_yes_or_no_is_asked_for_or_nothing(language: Language, text: str) -> None:
    assert not is_closed(text, language)
    assert not is_closed(text, None)


@pytest.mark.parametrize("text", ["", " ", "?", "??? !", "\n", "…", "«»", ",,,?", "-?", "1 2 3"])
def test_what_holds_no_words_asks_nothing(text: str) -> None:
    assert not is_closed(text)


def test_only_the_end_of_a_long_message_is_looked_at() -> None:
    assert is_closed("Pourquoi ? " * 500 + "Êtes-vous prêt ?", "fr")
    assert not is_closed("Êtes-vous prêt ? " * 500 + "Expliquez-moi cela.", "fr")


def test_a_question_as_long_as_a_speech_is_not_answered_with_yes() -> None:
    assert not is_closed("Do you agree that " + "and that ".join(["it is so "] * 30) + "?", "en")


def test_typographic_spaces_quotes_and_hyphens_change_nothing() -> None:
    assert is_closed("«\u00a0Est\u2011ce que c’est vrai\u202f?\u00a0»", "fr")
    assert is_closed("**Isn’t it true?**", "en")
