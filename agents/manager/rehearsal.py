"""A scene played without a room, a model or a wait: authored lines on a simulated clock.

Owns the author's scripted tests and the play-through that the library is checked with. Every line
takes LINE_S scene seconds, whoever says it; but a learner who goes on and on speaks WORDS_PER_S
until somebody cuts in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random

from agents.manager.beats import Beat, Decision, Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.scene import Scene
from scenarios.fields import Language
from scenarios.hearing import fold
from scenarios.schema import Expectation, Scenario, ScriptedTest
from services.llm.understudy import Understudy

LINE_S = 4.0
TICK_S = 1.0

WORDS_PER_S = 2.5
"""Source: 150 words a minute, the middle of the 140 to 180 of people who explain something."""

MAX_STEPS = 1000

_LEARNER: dict[Language, tuple[str, ...]] = {
    "fr": (
        "Bonjour à toutes et à tous.",
        "Je comprends votre remarque, et voici ma position.",
        "Les chiffres vont dans le bon sens depuis un an.",
        "Je préfère répondre franchement sur ce point.",
        "Nous avons prévu un calendrier et un budget.",
        "C'est un risque que nous avons mesuré.",
    ),
    "en": (
        "Good morning, everyone.",
        "I see your point, and this is where I stand.",
        "The figures have been going the right way for a year.",
        "I would rather be frank about this.",
        "There is a schedule and there is a budget.",
        "That is a risk we have looked at.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A beat and the words that were spoken for it."""

    beat: Beat
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What happened in one step. `ended` is the reason why the scene is over, if it is.

    `shown` are the events whose page the learner sees by now, `arrived` the guests who came in.
    """

    spoken: tuple[Spoken, ...] = ()
    decisions: tuple[Decision, ...] = ()
    events: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    arrived: tuple[str, ...] = ()
    phase: str
    ended: str | None = None


class Rehearsal:
    """One scene with a simulated clock, from its opening on."""

    def __init__(self, scenario: Scenario, *, seed: int = 0) -> None:
        self.manager = MultiAgentManager(scenario, rng=Random(seed))
        self.now_s = 0.0
        self._understudy = Understudy(scenario, rng=Random(seed))
        self._sound_s = 0.0

    @property
    def ended(self) -> bool:
        """Whether the scene is over."""
        return self.manager.scene.ended is not None

    def open(self) -> Take:
        """The scene's first lines."""
        before = self.manager.scene
        return self._take([self._play(self.manager.begin(self.now_s))], before)

    def say(self, words: str) -> Take:
        """The learner says something and the cast answers, or somebody cuts in on it."""
        before = self.manager.scene
        if (cut_in := self._cut_in(words)) is not None:
            plan, words = cut_in
        else:
            self._sounded()
            plan = self.manager.answer(words, self.now_s)
        return self._take([self._play(plan, words=words)], before)

    def wait(self, wait_s: float) -> Take:
        """The learner is silent for that long, lines that are spoken meanwhile included."""
        before, until_s = self.manager.scene, self.now_s + wait_s
        plays = []
        while self.now_s < until_s and not self.ended:
            self.now_s += TICK_S
            quiet_s = self.now_s - self._sound_s
            plan = self.manager.tick(self.now_s, quiet_s=quiet_s, busy=False)
            if plan is not None:
                plays.append(self._play(plan))
        return self._take(plays, before)

    def _cut_in(self, words: str) -> tuple[Plan, str] | None:
        """Who cuts in on these words, and how many of them were heard by then."""
        said = words.split()
        for speaking_s in range(1, int(len(said) / WORDS_PER_S) + 1):
            heard = " ".join(said[: int(speaking_s * WORDS_PER_S)])
            now_s = self.now_s + speaking_s
            plan = self.manager.cut_in(heard, now_s, speaking_s=float(speaking_s))
            if plan is not None:
                self.now_s = self._sound_s = now_s
                return plan, heard
        return None

    def _play(self, plan: Plan, *, words: str | None = None) -> tuple[Plan, list[Spoken]]:
        self.manager.commit(plan, words=words, now_s=self.now_s)
        spoken = []
        for beat in plan.beats:
            text = beat.say or self._understudy.line(
                beat.persona, kind=beat.kind.line, phase=beat.phase, heard=words or ""
            )
            if beat.say:
                self._understudy.mark(beat.persona, beat.say)
            text = f"{beat.lead_in} {text}".lstrip()
            self._sounded()
            self.manager.performed(beat, text, False, self.now_s)
            spoken.append(Spoken(beat=beat, text=text))
        return plan, spoken

    def _sounded(self) -> None:
        self.now_s += LINE_S
        self._sound_s = self.now_s

    def _take(self, plays: list[tuple[Plan, list[Spoken]]], before: Scene) -> Take:
        scene = self.manager.scene
        events = tuple(event for event in scene.fired if event not in before.fired)
        pages = {one.id for one in self.manager.scenario.events if one.document is not None}
        return Take(
            spoken=tuple(spoken for _, lines in plays for spoken in lines),
            decisions=tuple(plan.decision for plan, _ in plays),
            events=events,
            shown=tuple(event for event in events if event in pages),
            arrived=tuple(who for who, _ in scene.arrived if who not in dict(before.arrived)),
            phase=scene.phase,
            ended=scene.ended,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One scripted test (its number from 1), what happened, and what did not hold."""

    number: int
    test: ScriptedTest
    take: Take
    failures: tuple[str, ...]


def rehearse(scenario: Scenario, *, seed: int = 0) -> Iterator[Checked]:
    """The author's tests one after the other, after the scene's opening."""
    rehearsal = Rehearsal(scenario, seed=seed)
    opening = rehearsal.open()
    for number, test in enumerate(scenario.tests, start=1):
        take = _step(rehearsal, test) or opening
        failures = tuple(_failures(test.expect, take, waited=test.say is None))
        yield Checked(number=number, test=test, take=take, failures=failures)


def play_through(scenario: Scenario, *, seed: int = 0) -> list[Take]:
    """The whole scene with a learner who has an answer to everything, up to its end.

    Gives up after MAX_STEPS steps: the last take then has not `ended`.
    """
    rehearsal = Rehearsal(scenario, seed=seed)
    takes = [rehearsal.open()]
    learner = cycle(_LEARNER[scenario.language])
    while not rehearsal.ended and len(takes) < MAX_STEPS:
        takes.append(rehearsal.say(next(learner)))
        takes.append(rehearsal.wait(2 * TICK_S))
    return takes


def _step(rehearsal: Rehearsal, test: ScriptedTest) -> Take | None:
    """What is said, then what is waited for; None when the test does neither."""
    said = rehearsal.say(test.say) if test.say is not None else None
    waited = rehearsal.wait(test.wait_s) if test.wait_s is not None else None
    if said is None or waited is None:
        return said or waited
    return Take(
        spoken=said.spoken + waited.spoken,
        decisions=said.decisions + waited.decisions,
        events=said.events + waited.events,
        shown=said.shown + waited.shown,
        arrived=said.arrived + waited.arrived,
        phase=waited.phase,
        ended=waited.ended,
    )


def _failures(expect: Expectation, take: Take, *, waited: bool) -> Iterator[str]:
    voices = [spoken.beat.persona for spoken in take.spoken]
    if expect.speaker is not None and expect.speaker not in (voices if waited else voices[:1]):
        yield f"speaker: expected {expect.speaker}, heard {', '.join(voices) or 'nobody'}"
    if expect.phase is not None and expect.phase != take.phase:
        yield f"phase: expected {expect.phase}, is {take.phase}"
    if expect.event is not None and expect.event not in take.events:
        yield f"event: expected {expect.event}, fired {', '.join(take.events) or 'none'}"
    if expect.says is not None:
        wanted = fold(expect.says)
        if not any(wanted in fold(spoken.text) for spoken in take.spoken):
            yield f"says: nobody said {expect.says!r}"
    if expect.ends is not None and expect.ends != (take.ended is not None):
        yield f"ends: expected {expect.ends}, the scene {'ended' if take.ended else 'goes on'}"
