"""Listeners' reactions: seldom, varied, by temper and mood, never the speaker's, never a turn."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from agents.manager.memory import LEARNER
from agents.manager.mood import Mood
from agents.manager.reactions import OWN_GAP_S, ROOM_GAP_S, Listening, Pause, Reaction
from agents.manager.scene import Scene
from scenarios.schema import Scenario
from services.llm.reactions import Moment
from tests.fakes.scenes import DEBATE_CAST, debate

TALKS = {"talkativeness": 0.8, "patience": 0.5, "hostility": 0.2}


def listening(
    seed: int = 1, tempers: dict[str, dict[str, float]] | None = None
) -> tuple[Scenario, Listening]:
    """A debate whose whole cast talks, tempers of some replaced."""
    cast = [one | {"temper": TALKS | (tempers or {}).get(one["id"], {})} for one in DEBATE_CAST]
    scenario = debate(cast=cast)
    return scenario, Listening(scenario, Random(seed))


def scene(**changes: Any) -> Scene:
    return replace(Scene(seed=1, phase="ouverture", begun=True, opened=True), **changes)


def over(
    one: Listening,
    where: Scene,
    *,
    seconds: int = 4000,
    speaker: str = LEARNER,
    pause: Pause = Pause.LEARNER,
) -> Iterator[tuple[float, Reaction]]:
    """Reactions at a pause every second."""
    for now_s in range(10, seconds):
        found = one.reaction(where, speaker=speaker, pause=pause, now_s=float(now_s))
        if found is not None:
            yield float(now_s), found


def test_the_room_and_each_listener_rest_between_reactions() -> None:
    _, one = listening()
    found = list(over(one, scene()))
    times = [at for at, _ in found]
    assert len(found) > 100
    assert min(b - a for a, b in pairwise(times)) >= ROOM_GAP_S
    for persona in {reaction.persona for _, reaction in found}:
        own = [at for at, reaction in found if reaction.persona == persona]
        assert min(b - a for a, b in pairwise(own)) >= OWN_GAP_S


def test_nobody_reacts_twice_in_a_row_in_the_same_way() -> None:
    _, one = listening(tempers={"morel": {"hostility": 1.0, "patience": 0.0}})
    by_persona: dict[str, list[str]] = {}
    for _, reaction in over(one, scene()):
        by_persona.setdefault(reaction.persona, []).append(reaction.moment)
    assert len(by_persona) == 4
    assert all(a != b for moments in by_persona.values() for a, b in pairwise(moments))


def test_whoever_speaks_does_not_react_to_itself() -> None:
    _, one = listening()
    found = [
        reaction.persona for _, reaction in over(one, scene(), speaker="roche", pause=Pause.CAST)
    ]
    assert set(found) == {"morel", "kerbrat", "castan"}


@pytest.mark.parametrize(
    ("where", "now_s"),
    [
        (scene(ended="completed"), 50.0),
        (scene(begun=False), 50.0),
        (scene(opened=False, phase_started_s=48.0), 50.0),
    ],
)
def test_nobody_reacts_before_the_opening_or_after_the_end(where: Scene, now_s: float) -> None:
    for seed in range(30):
        _, one = listening(seed)
        assert one.reaction(where, speaker=LEARNER, pause=Pause.LEARNER, now_s=now_s) is None


def test_the_talkative_react_more_and_the_silent_never() -> None:
    eager = {"morel": 1.0, "roche": 0.3, "kerbrat": 0.0}
    _, one = listening(tempers={id: {"talkativeness": share} for id, share in eager.items()})
    counted = Counter(reaction.persona for _, reaction in over(one, scene()))
    assert counted["morel"] > counted["roche"] > 0 == counted["kerbrat"]


def test_moods_show_in_what_slips_out() -> None:
    hot = (Mood(persona="roche", trust=0.1, impatience=0.9),)
    warm = (Mood(persona="roche", trust=0.9, impatience=0.0),)
    silent = {id: {"talkativeness": 0.0} for id in ("morel", "kerbrat", "castan")}
    shares = []
    for moods in (hot, warm):
        _, one = listening(tempers=silent)
        found = Counter(r.moment for _, r in over(one, scene(moods=moods)))
        shares.append({moment: found[moment] / found.total() for moment in Moment})
    cross, won = shares
    assert cross[Moment.IMPATIENCE] > 2 * won[Moment.IMPATIENCE]
    assert cross[Moment.DOUBT] > won[Moment.DOUBT]
    assert won[Moment.AGREE] > cross[Moment.AGREE]


def test_the_hostile_disagree_more_than_the_kind() -> None:
    def share(hostility: float) -> float:
        _, one = listening(tempers={c["id"]: {"hostility": hostility} for c in DEBATE_CAST})
        found = Counter(r.moment for _, r in over(one, scene(), pause=Pause.CAST))
        return found[Moment.DISAGREE] / found.total()

    assert share(0.0) == 0.0 < share(0.5) < share(1.0)


def test_a_guest_who_is_not_there_yet_does_not_react() -> None:
    scenario, _ = listening()
    late = {"id": "retard", "when": {"turns": 2}, "by": "castan", "do": "arrive", "say": "Pardon."}
    guests = debate(cast=[c.model_dump() for c in scenario.cast], events=[late])
    one = Listening(guests, Random(1))
    assert "castan" not in {r.persona for _, r in over(one, scene())}
    one = Listening(guests, Random(1))
    assert "castan" in {r.persona for _, r in over(one, scene(arrived=(("castan", 2),)))}


def test_the_same_seed_reacts_the_same() -> None:
    first, second = (list(over(listening(9)[1], scene(), seconds=400)) for _ in range(2))
    assert first == second
    assert first != list(over(listening(10)[1], scene(), seconds=400))
