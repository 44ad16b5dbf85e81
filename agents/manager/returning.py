"""Taking a scene up again: after a restart of its job, or when a person comes back to the room.

One authored sentence that names the question still open, and the answer that the person's last
words wait for. Nobody's words are repeated but a question that was heard.
"""

from collections.abc import Callable

from agents.manager.beats import Beat, BeatKind, Decision, Effects, Plan
from agents.manager.memory import LEARNER
from agents.manager.phrases import Spoken, phrases_for
from agents.manager.plans import Composer, Origin
from agents.manager.questions import core_of, open_question
from scenarios.hearing import words_of
from scenarios.schema import Phase

MAX_QUESTION_WORDS = 20
"""A longer question is only told of, not said again."""

Answers = Callable[[str], tuple[Decision, tuple[Beat, ...]]]
"""Who answers these words of the learner, and how."""


def restarted(composer: Composer, phase: Phase, answers: Answers) -> Plan:
    """One sentence after a restart, and the answer that the learner's last words wait for."""
    waiting = _waiting(composer)
    recap = _said(composer, phase, "recap_answer" if waiting else "recap")
    reason, effects = "the scene goes on after a restart", Effects(begins=True)
    return _resumed(composer, recap, reason, answers, effects=effects, origin="begin")


def returned(composer: Composer, phase: Phase, away_s: float, answers: Answers) -> Plan:
    """One sentence to a person who was gone that long; it names whose question is open."""
    recap = _recap(composer, phase)
    reason = f"the person is back after {away_s:.0f} s"
    effects = Effects(returns=True)
    return _resumed(composer, recap, reason, answers, effects=effects, origin="returned")


def _resumed(
    composer: Composer,
    recap: Beat | None,
    reason: str,
    answers: Answers,
    *,
    effects: Effects,
    origin: Origin,
) -> Plan:
    beats = () if recap is None else (recap,)
    decision = composer.decision(reason, beats)
    words = _waiting(composer)
    if words is not None:
        decision, answer = answers(words)
        beats = (*beats, *answer[:1])
    return composer.plan(origin, beats, decision, effects=effects)


def _waiting(composer: Composer) -> str | None:
    """The learner's last words, if nobody has spoken since."""
    last = composer.memory[-1] if composer.memory else None
    return last.text if last is not None and last.speaker == LEARNER else None


def _recap(composer: Composer, phase: Phase) -> Beat | None:
    asked = open_question(composer.memory)
    if _waiting(composer) is not None:
        return _said(composer, phase, "returned_answer")
    if asked is None:
        return _said(composer, phase, "returned")
    mine = asked.persona == composer.lead(phase)
    who = composer.name(asked.persona)
    question = core_of(asked.sentence)
    if len(words_of(question)) > MAX_QUESTION_WORDS:
        return _said(composer, phase, "returned_waiting_mine" if mine else "returned_waiting", who)
    kind: Spoken = "returned_question_mine" if mine else "returned_question"
    return _said(composer, phase, kind, who, question)


def _said(
    composer: Composer, phase: Phase, kind: Spoken, who: str = "", question: str = ""
) -> Beat | None:
    """The lead's sentence; None when all there is of that kind was heard before."""
    phrases = phrases_for(composer.scenario.language)
    variants = phrases.variants(kind, composer.scene.serial, who=who, question=question)
    say = composer.unheard(variants)
    if say is None:
        return None
    return composer.beat(composer.lead(phase), BeatKind.RECAP, phase, "", say=say)
