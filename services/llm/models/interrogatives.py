"""The words of questions, in English and French: what `questions` knows of the two languages.

Data only; all words are in small letters. French words are split at apostrophes (`qu`, `est-ce`),
English ones are not (`isn't`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

_Words = frozenset[str]
_Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grammar:
    """One language's words, as sets to look up, and the pattern that finds words.

    Open is a question with a word of `open_anywhere` or a pair of `open_pairs`; that starts with
    one of `open_first`; with an `open_pronouns` at its end, after one of `prepositions` at its
    start, or beside a word of `knowing`; with one of `demands` beside one of `modals`, unless a
    word of `whether` follows. `leads` are skipped at the start.

    Closed is one that starts with `asks_first` or `asks_pairs`, has a word that ends as `behind`,
    or ends in `tags`, `tag_pairs` or `either`; `alone` may be all of it. Without a question mark it
    must start with `bare_pairs`, or with a word of `bare_verbs` that ends as `behind`.
    """

    word: re.Pattern[str]
    open_anywhere: _Words
    open_pairs: _Pairs
    open_first: _Words
    open_pronouns: _Words
    prepositions: _Words
    knowing: _Words
    modals: _Words
    demands: _Words
    whether: _Words
    leads: _Words
    asks_first: _Words
    asks_pairs: _Pairs = frozenset()
    behind: tuple[str, ...] = ()
    not_behind: str = ""
    tags: _Words
    tag_pairs: _Pairs
    either: _Words
    alone: _Words
    bare_pairs: _Pairs
    bare_verbs: _Words = frozenset()


def _of(text: str) -> _Words:
    return frozenset(text.split())


def _each(first: Iterable[str], second: Iterable[str]) -> _Pairs:
    return frozenset(product(first, second))


_ASK_OF_ALL = _of(
    "is are am was were can could will would shall should may might must isn't aren't wasn't"
    " weren't can't couldn't won't wouldn't shouldn't mustn't"
)
_ASK_OF_PEOPLE = _of("do does did has have had don't doesn't didn't hasn't haven't hadn't")
"""Before `it` or `the` these may give orders (`do it`); before people they ask."""

_PEOPLE = _of("i you we they he she")
_THINGS = _of("it this that these those there")

EN = Grammar(
    word=re.compile(r"[^\W_]+(?:['-][^\W_]+)*"),
    open_anywhere=_of(
        "why how what what's whom whose explain describe elaborate summarise summarize outline"
        " clarify justify compare illustrate expand explaining describing elaborating"
    ),
    open_pairs=_each(_of("tell give show walk talk remind"), _of("me us")) | {("say", "more")},
    open_first=_of("who where when which list name define discuss"),
    open_pronouns=_of("who where when which"),
    prepositions=_of("at in on for to by since until from with of about"),
    knowing=_of("know tell remember recall say see guess sure"),
    modals=_of("can could would will"),
    demands=_of(
        "list share detail develop name provide present introduce define discuss comment suggest"
        " propose repeat"
    ),
    whether=_of("if whether"),
    leads=_of("and so but well ok okay then now oh please sorry or"),
    asks_first=_ASK_OF_ALL | _ASK_OF_PEOPLE | _PEOPLE | _of("it this that there"),
    tags=_of("right correct true yes no ok okay agreed yeah huh eh"),
    tag_pairs=_each(_ASK_OF_ALL | _ASK_OF_PEOPLE, _PEOPLE | _of("it there")),
    either=frozenset({"yes or no"}),
    alone=_of("really sure certain ready agreed ok okay yes no"),
    bare_pairs=_each(_ASK_OF_ALL | _ASK_OF_PEOPLE, _PEOPLE) | _each(_ASK_OF_ALL, _THINGS),
)

_EST_CE_QUE = frozenset({("est-ce", "que"), ("est-ce", "qu")})

FR = Grammar(
    word=re.compile(r"[^\W_]+(?:-[^\W_]+)*"),
    open_anywhere=_of(
        "pourquoi comment combien quoi quel quels quelle quelles lequel laquelle lesquels"
        " lesquelles où"
    ),
    open_pairs=frozenset({("ce", "qui"), ("dire", "ce"), ("sais", "ce"), ("savez-vous", "ce")}),
    open_first=_of(
        "que qu qui quand expliquez décrivez racontez détaillez développez précisez résumez parlez"
        " donnez citez explique décris raconte détaille développe précise résume parle donne cite"
    ),
    open_pronouns=_of("qui quand"),
    prepositions=_of("à de avec pour chez par depuis jusqu"),
    knowing=_of("sais savez sait dire rappelez souvenez"),
    modals=_of(
        "pouvez peux pourriez pourrais peut pourrait voulez veux voudriez voudrais souhaitez"
        " aimeriez accepteriez"
    ),
    demands=_of(
        "expliquer décrire raconter détailler développer préciser résumer clarifier justifier"
        " comparer illustrer présenter parler donner citer lister exposer argumenter commenter"
        " éclaircir éclairer nuancer étayer reformuler répéter dire"
    ),
    whether=_of("si s oui que qu"),
    leads=_of("et mais alors donc bon bien ah eh euh or dites enfin pardon"),
    asks_first=_of("vous tu il elle on nous ils elles je ce ça cela j c t"),
    asks_pairs=_EST_CE_QUE,
    behind=tuple(
        f"-{subject}"
        for subject in ["vous", "tu", "il", "elle", "on", "nous", "ils", "elles", "je", "ce"]
    ),
    not_behind="rendez-vous",
    tags=_of("non hein si oui vrai ok exact compris entendu"),
    tag_pairs=frozenset({("d", "accord"), ("est", "ça"), ("est-ce", "pas")}),
    either=frozenset({"oui ou non", "n est-ce pas"}),
    alone=_of("vraiment sûr sûre certain certaine prêt prête prêts d ok oui non compris"),
    bare_pairs=_EST_CE_QUE,
    # Others may be orders: `taisez-vous`.
    bare_verbs=_of(
        "avez êtes pouvez pourriez voulez voudriez savez pensez croyez seriez auriez comptez allez"
        " souhaitez acceptez accepteriez confirmez reconnaissez regrettez connaissez as es peux"
        " veux sais penses crois vas a est était sera peut doit ont sont peuvent"
    ),
)
