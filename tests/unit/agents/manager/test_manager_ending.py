"""The end of a scene: when it may come, and a closing that is heard once."""

from random import Random
from typing import Any

from agents.manager.manager import MultiAgentManager
from tests.fakes.scenes import debate

WORDS = "Je vous réponds."


def begun(**changes: Any) -> MultiAgentManager:
    one = MultiAgentManager(debate(**changes), rng=Random(3))
    opening = one.begin(0.0)
    one.commit(opening, words=None, now_s=0.0)
    for beat in opening.beats:
        one.performed(beat, "Bonsoir.", False, 0.0)
    return one


def test_a_scene_does_not_end_on_a_question_that_was_just_asked() -> None:
    one = begun(limits={"duration_s": 60})
    plan = one.answer(WORDS, 50.0)
    one.commit(plan, words=WORDS, now_s=50.0)
    one.performed(plan.beats[0], "Et les prix ?", False, 59.0)
    assert one.tick(62.0, quiet_s=3.0, busy=False) is None
    assert one.tick(64.0, quiet_s=5.0, busy=False) is not None


def test_s8_a_closing_that_nobody_heard_is_said_again() -> None:
    one = begun()
    plan = one.end("ended", 10.0)
    one.commit(plan, words=None, now_s=10.0)
    one.performed(plan.beats[0], "", True, 11.0)
    assert one.tick(12.0, quiet_s=1.0, busy=False) is None
    for again in (one.answer(WORDS, 12.0), one.tick(13.0, quiet_s=2.0, busy=False)):
        assert again is not None
        assert [(beat.persona, beat.kind) for beat in again.beats] == [("morel", "closing")]
        assert again.end_reason == "ended"


def test_one_who_is_asked_over_a_closing_answers_before_the_next_one() -> None:
    one = begun()
    plan = one.end("ended", 10.0)
    one.commit(plan, words=None, now_s=10.0)
    again = one.answer("Monsieur Castan, un chiffre ?", 12.0)
    assert [beat.persona for beat in again.beats] == ["castan", "morel"]
    assert again.end_reason == "ended"


def test_s8_a_closing_that_is_awaited_is_not_begun_again_while_somebody_speaks() -> None:
    one = begun(limits={"duration_s": 60})
    plan = one.answer(WORDS, 85.0)
    one.commit(plan, words=WORDS, now_s=85.0)
    assert one.tick(95.0, quiet_s=0.0, busy=True) is None
    assert one.tick(160.0, quiet_s=0.0, busy=True) is None
    assert one.cut_in(WORDS, 160.0, speaking_s=40.0) is None
    again = one.cut_in(WORDS, 290.0, speaking_s=130.0)
    assert again is not None
    assert [beat.kind for beat in again.beats] == ["closing"]
