"""Who was addressed: names, titles, roles and fields of work in what the learner said.

Tells speaking to somebody from speaking of somebody by what stands around the name. Evidence is
summed: a comma around it, a place at an edge of the sentence, an honorific, a "you" nearby, a
phrase that gives the floor; against it an article, a preposition, a verb in the third person.
"""

from dataclasses import dataclass

from agents.cast.naming import name_of
from agents.manager.calls import Call, Finder
from agents.manager.glances import Glances
from agents.manager.handles import handles_of
from agents.manager.lexicon import Lexicon, Phrase, ending, lexicon_for, made_of, starting
from agents.manager.utterance import Sentence, sentences_of
from scenarios.hearing import words_of
from scenarios.schema import Scenario

ENOUGH = 2
ENOUGH_UNSURE = 3
"""Without honorific, for a spelling that only sounds alike, a common word, a role."""

_NEARBY = 6

_Called = tuple[int, tuple[str, ...], bool]
"""Where in a sentence, who, and whether they are only thanked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Ids of those addressed, in order of address; `everyone` when all were asked at once."""

    ids: tuple[str, ...] = ()
    everyone: bool = False


class Roster:
    """The cast of one scene, as a person may call them."""

    def __init__(self, scenario: Scenario) -> None:
        self._lexicon = lexicon_for(scenario.language)
        self._finder = Finder(handles_of(scenario), self._lexicon)
        self._glances = Glances(scenario)
        self._names = {one.id: name_of(one.name) for one in scenario.cast}
        self._everyone_from = frozenset(phrase[0] for phrase in self._lexicon.everyone)

    def addressed(self, words: str) -> Address:
        """Who was addressed by these words; nobody for a name that is only mentioned.

        Somebody who is only thanked counts where nobody else is spoken to.
        """
        spoken_to: list[str] = []
        thanked: list[str] = []
        everyone = False
        for sentence in sentences_of(words):
            everyone = everyone or self._asks_all(sentence)
            for call, thanks in self._called_in(sentence):
                (thanked if thanks else spoken_to).extend(call)
        ids = tuple(dict.fromkeys(spoken_to or thanked))
        return Address(ids=ids, everyone=everyone and not ids)

    def may_mean(self, person: str, persona: str, words: str) -> bool:
        """Whether words that call that character may as well call a person of that name.

        They have the same given name, and of the character's name the words have that alone.
        """
        name, said = self._names[persona], set(words_of(words))
        same = bool(person) and name_of(person).given == name.given
        return same and said.issuperset(name.given) and said.isdisjoint(name.rest)

    def _asks_all(self, sentence: Sentence) -> bool:
        words = sentence.words
        for at, word in enumerate(words):
            if word not in self._everyone_from:
                continue
            size = starting(words[at:], self._lexicon.everyone)
            if size and (sentence.asks or not self._told(words[:at], words[at + size :])):
                return True
        return False

    def _told(self, left: Phrase, right: Phrase) -> bool:
        """Whether those whom the words between mean are greeted or told something, not asked."""
        greeted = ending(left, self._lexicon.greets) > 0
        told = starting(right, self._lexicon.tells) > 0
        return greeted or (told and made_of(left, self._lexicon.openers))

    def _called_in(self, sentence: Sentence) -> list[tuple[tuple[str, ...], bool]]:
        """Those called in the sentence, in order, and whether they are only thanked."""
        said, done, thanks = sentence.words, 0, False
        found: list[_Called] = [
            (one.start, (one.persona,), False) for one in self._glances.calls_in(sentence)
        ]
        for call in self._finder.calls_in(sentence):
            enough = ENOUGH if call.sure or call.honorific else ENOUGH_UNSURE
            if _evidence(call, sentence, self._lexicon, done) >= enough:
                if not _is_sequel(call, sentence, self._lexicon, done):
                    thanks = ending(said[done : call.start], self._lexicon.thanks) > 0
                found.append((call.start, call.personas, thanks))
                done = call.end
        return [(personas, thanks) for _, personas, thanks in sorted(found, key=_place)]


def _place(called: _Called) -> int:
    return called[0]


def _evidence(call: Call, sentence: Sentence, lexicon: Lexicon, done: int) -> int:
    """How sure it is that the call speaks to them; `done` words were an earlier address."""
    around = _Around(call, sentence, lexicon, done)
    if around.possessive or around.themself:
        return ENOUGH_UNSURE if around.asks_view else -3
    if _is_sequel(call, sentence, lexicon, done) and not around.spoken_of:
        return ENOUGH_UNSURE
    score = int(call.honorific) + around.place()
    cue = ending(around.left, lexicon.cues)
    if cue and cue >= ending(around.left, lexicon.mentions):
        score += 3
    elif not around.at_start and ending(around.left, lexicon.mentions):
        score -= 3
    pronoun_cue = cue == 1 and around.left[-1:] in lexicon.you
    if (not cue or pronoun_cue) and around.spoken_of:
        score -= 3
    if call.role and call.article and not call.honorific and not cue:
        score -= 3
    if not call.role and not call.honorific and around.blocked:
        score -= 4
    return score


def _is_sequel(call: Call, sentence: Sentence, lexicon: Lexicon, done: int) -> bool:
    """Whether nothing but "then to" stands between an earlier address and this call."""
    return done > 0 and sentence.words[done : call.start] in lexicon.sequels


class _Around:
    """What stands around a call in its sentence."""

    def __init__(self, call: Call, sentence: Sentence, lexicon: Lexicon, done: int) -> None:
        tokens, words = sentence.tokens, sentence.words
        self._lexicon = lexicon
        self._asks = sentence.asks
        self._capital = tokens[call.end - 1].capital
        self.left = words[done : call.start]
        self.right = words[call.end :]
        self.at_start = made_of(self.left, lexicon.openers)
        self.at_end = made_of(self.right, lexicon.closers)
        self.comma_before = call.start > 0 and tokens[call.start - 1].comma
        self.comma_after = tokens[call.end - 1].comma
        self.topic = (
            self.comma_after
            and self.right[:1] in lexicon.topics
            and (len(self.right) == 1 or tokens[call.end].comma)
        )
        self.possessive = tokens[call.end - 1].apostrophe and self.right[:1] == ("s",)
        own = ending(self.left, lexicon.selves)
        self.themself = own > 0 and not self.at_start and made_of(self.left[:-own], lexicon.openers)
        before = ending(self.left, lexicon.blockers)
        self.blocked = before > 0 and not self.at_start and not self.comma_before

    def place(self) -> int:
        """The evidence of the call's place between commas and the sentence's edges."""
        if (self.at_start and (self.at_end or self.comma_after)) or (
            self.at_end and self.comma_before
        ):
            return 3
        if self.comma_before and self.comma_after:
            return 2 + (self._capital or self._says_you(self.left + self.right))
        if self.at_start:
            return 1 + 2 * self._turns_to_them() + self._asks
        if self.at_end:
            return 1 + 2 * self._says_you(self.left) + self._asks
        return 0

    @property
    def asks_view(self) -> bool:
        """Whether it is asked what they think, by a possessive: "What's Daniel's view?"."""
        view = self.possessive and self.right[1:2] in self._lexicon.views
        return view and ending(self.left, self._lexicon.wants) > 0

    @property
    def spoken_of(self) -> bool:
        """Whether the sentence goes on about them in the third person."""
        if self.topic:
            return True
        if self.right[:1] in self._lexicon.third_person:
            apposed = self.comma_before and not self.at_start
            if self.comma_after and not (apposed and not self._says_you(self.right)):
                return False
            return self.right[1:2] not in self._lexicon.you
        return not self.comma_after and self._done_to_you()

    def _done_to_you(self) -> bool:
        """French "vous" before a verb that is not its own: "Roche vous a menti"."""
        if self.right[:1] != ("vous",) or len(self.right) < 2:
            return False
        verb = self.right[1]
        return not verb.endswith("ez") and (verb,) not in self._lexicon.own_verbs

    def _turns_to_them(self) -> bool:
        direct = starting(self.right, self._lexicon.imperatives) > 0
        return direct or self._says_you(self.right[:_NEARBY])

    def _says_you(self, words: Phrase) -> bool:
        return any((word,) in self._lexicon.you for word in words)
