"""Where in a sentence a member of the cast may be called, whether or not it is spoken to."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.manager.handles import Handle, Kind, neutral
from agents.manager.lexicon import Lexicon, Phrase, starting
from agents.manager.sounds import alike, distance, keys
from agents.manager.utterance import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A stretch of a sentence that may call one character, or several joined by "and".

    `start` counts an honorific or an article in, `end` is the first token after it. `sure` for a
    name that was said as it is written and is no common word.
    """

    personas: tuple[str, ...]
    start: int
    end: int
    sure: bool
    role: bool = False
    honorific: bool = False
    article: bool = False


class Finder:
    """Finds calls of the characters behind some handles."""

    def __init__(self, handles: Sequence[Handle], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._longest = max((len(one.words) for one in handles), default=0)
        self._exact: defaultdict[Phrase, list[Handle]] = defaultdict(list)
        self._neutral: defaultdict[Phrase, list[Handle]] = defaultdict(list)
        self._spelt: defaultdict[str, list[Handle]] = defaultdict(list)
        for one in handles:
            self._exact[one.words].append(one)
            if one.kind is Kind.ROLE:
                self._neutral[tuple(map(neutral, one.words))].append(one)
            elif len(one.words) == 1:
                for key in keys(one.words[0]):
                    self._spelt[key].append(one)
        self._first = frozenset(words[0] for words in (*self._exact, *self._neutral))

    def calls_in(self, sentence: Sentence) -> list[Call]:
        """Every stretch that may call somebody, in order; neighbours joined by "and" are one."""
        calls: list[Call] = []
        at = 0
        while at < len(sentence.tokens):
            call = self._call_at(sentence, at) if self._may_be(sentence, at) else None
            if call is None:
                at += 1
                continue
            at = call.end
            if calls and self._joined(calls[-1], call, sentence):
                call = _together(calls.pop(), call)
            calls.append(call)
        return calls

    def _may_be(self, sentence: Sentence, at: int) -> bool:
        """Whether any call can begin here: most words are none, and this is quick to see."""
        word = sentence.words[at]
        if word in self._first or neutral(word) in self._first:
            return True
        named = sentence.tokens[at].capital or not sentence.cased
        titles = sentence.words[max(0, at - 2) : at]
        return named or any(title in self._lexicon.honorifics for title in titles)

    def _call_at(self, sentence: Sentence, at: int) -> Call | None:
        words = sentence.words
        article = int(at > 0 and words[at - 1 : at] in self._lexicon.articles)
        before = at - 1 - article
        title = words[before] if before >= 0 else ""
        gender = self._lexicon.honorifics.get(title)
        named = gender is not None or sentence.tokens[at].capital or not sentence.cased
        for handles, size in self._matches(words, at, honorific=gender is not None, named=named):
            owners = _owners(handles, gender or None)
            if len(owners) != 1:
                continue
            role = handles[0].kind is Kind.ROLE
            if article and not role:
                gender, title_size = None, 0
            else:
                title_size = article * role + (gender is not None)
            exact = words[at : at + size] == handles[0].words
            common = words[at : at + size] in self._lexicon.common and gender is None
            return Call(
                personas=owners,
                start=at - title_size,
                end=at + size,
                sure=exact and not common and not role,
                role=role,
                honorific=gender is not None,
                article=bool(article and role),
            )
        return None

    def _matches(
        self, words: Phrase, at: int, *, honorific: bool, named: bool
    ) -> Iterator[tuple[list[Handle], int]]:
        """Handles that the words at this place may be, best first, with the words they take.

        Spellings that only sound alike are looked for where a name may stand.
        """
        sizes = range(min(self._longest, len(words) - at), 0, -1)
        for size in sizes:
            if found := self._exact.get(words[at : at + size]):
                yield found, size
        for size in sizes:
            if found := self._neutral.get(tuple(map(neutral, words[at : at + size]))):
                yield found, size
        for size in (1, 2) if named else ():
            said = words[at : at + size]
            usual = any((word,) in self._lexicon.common for word in said)
            spelt = self._spelt_like("".join(said)) if len(said) == size else []
            if spelt and (honorific or not usual or spelt[0].words[0] == "".join(said)):
                yield spelt, size

    def _spelt_like(self, heard: str) -> list[Handle]:
        near = {one for key in keys(heard) for one in self._spelt.get(key, ())}
        apart = {one: distance(heard, one.words[0]) for one in near if alike(heard, one.words[0])}
        best = min(apart.values(), default=0)
        return [one for one, steps in apart.items() if steps == best]

    def _joined(self, one: Call, other: Call, sentence: Sentence) -> bool:
        between = sentence.words[one.end : other.start]
        return bool(between) and starting(between, self._lexicon.joiners) == len(between)


def _owners(handles: list[Handle], gender: str | None) -> tuple[str, ...]:
    """Whom the handles mean: where it is several, those of the honorific's gender."""
    owners = tuple(dict.fromkeys(one.persona for one in handles))
    if len(owners) > 1 and gender is not None:
        owners = tuple(dict.fromkeys(one.persona for one in handles if one.gender == gender))
    return owners


def _together(one: Call, other: Call) -> Call:
    return Call(
        personas=tuple(dict.fromkeys((*one.personas, *other.personas))),
        start=one.start,
        end=other.end,
        sure=one.sure or other.sure,
        role=one.role and other.role,
        honorific=one.honorific or other.honorific,
        article=one.article and other.article,
    )
