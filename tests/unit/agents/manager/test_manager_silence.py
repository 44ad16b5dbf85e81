"""A person who says nothing: a prompt, a polite end, and nothing spent, whatever the moods."""

from random import Random
from typing import Any

import pytest

from agents.manager.beats import BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.mood import Mood
from agents.manager.scene import Scene
from tests.fakes.scenes import DEBATE, debate

ENDLESS = [DEBATE["phases"][0] | {"turns": {"min": 1, "max": 90}, "time_limit_s": None}]
MOODS = {
    "calm": (),
    "furious": tuple(Mood(persona=one["id"], trust=0.0, impatience=1.0) for one in DEBATE["cast"]),
    "charmed": tuple(Mood(persona=one["id"], trust=1.0, impatience=0.0) for one in DEBATE["cast"]),
}


def silent(**scene: Any) -> tuple[list[tuple[int, Plan]], MultiAgentManager]:
    """Every plan of two minutes in which the person says nothing, by the second."""
    cast = [one | {"temper": {"talkativeness": 1.0, "patience": 0.0}} for one in DEBATE["cast"]]
    scenario = debate(phases=ENDLESS, cast=cast)
    values = {"begun": True, "opened": True, "turns": 1, "phase_turns": 1} | scene
    start = Scene(seed=7, phase="ouverture", **values)
    one = MultiAgentManager(scenario, rng=Random(0), scene=start)
    played, sound_s = [], 0.0
    for now_s in range(1, 150):
        plan = one.tick(float(now_s), quiet_s=now_s - sound_s, busy=False)
        if plan is None:
            continue
        played.append((now_s, plan))
        one.commit(plan, words=None, now_s=float(now_s))
        for beat in plan.beats:
            one.performed(beat, beat.say or "Un mot.", False, float(now_s))
            sound_s = float(now_s)
    return played, one


@pytest.mark.parametrize("mood", list(MOODS))
def test_s9_silence_brings_a_prompt_at_60_s_and_the_end_at_120_s_in_any_mood(mood: str) -> None:
    played, one = silent(moods=MOODS[mood])
    assert [(now_s, plan.beats[0].kind) for now_s, plan in played] == [
        (60, BeatKind.PROMPT),
        (120, BeatKind.CLOSING),
    ]
    assert one.scene.ended == "silence"


def test_s9_a_prompt_leaves_time_after_what_was_said_into_the_silence() -> None:
    start = Scene(seed=7, phase="ouverture", begun=True, opened=True, silence_from_s=0.0)
    one = MultiAgentManager(debate(phases=ENDLESS), rng=Random(0), scene=start)
    assert one.tick(65.0, quiet_s=20.0, busy=False) is None
    assert one.tick(75.0, quiet_s=30.0, busy=False) is not None
    assert one.tick(125.0, quiet_s=20.0, busy=False) is None


@pytest.mark.parametrize("mood", list(MOODS))
def test_s9_silence_asks_no_model_for_a_word(mood: str) -> None:
    played, _ = silent(moods=MOODS[mood])
    assert all(beat.say for _, plan in played for beat in plan.beats)


def test_s9_silence_itself_moves_nobody_s_mood_against_the_person() -> None:
    _, one = silent(moods=MOODS["charmed"])
    assert {mood.trust for mood in one.scene.moods} == {1.0}


def test_s9_somebody_who_was_cut_off_does_not_speak_on_into_the_silence() -> None:
    played, _ = silent(interrupted="roche")
    assert [plan.beats[0].persona for _, plan in played] == ["morel", "morel"]
