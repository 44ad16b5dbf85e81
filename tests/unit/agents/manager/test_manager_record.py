"""What is written down of a scene's moves: enough to make them again, and not a word."""

import json
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

from agents.manager.beats import Beat, Plan
from agents.manager.digests import canonical, digest_of, plan_digest, scene_digest
from agents.manager.manager import MultiAgentManager
from agents.manager.record import VERSION, Recorder, decision_of
from agents.manager.scene import Scene, Tally
from tests.fakes.scenes import debate
from tests.fakes.takes import WORDS, Improvised

Note = tuple[str, dict[str, Any]]


class Clock:
    """Each look at it takes 2 ms."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.002
        return self.now_s


def recorder() -> tuple[Recorder, list[Note]]:
    notes: list[Note] = []
    manager = MultiAgentManager(debate(), rng=Random(7))
    return Recorder(manager, lambda *note: notes.append(note), clock_s=Clock()), notes


def begun() -> tuple[Recorder, list[Note]]:
    """A scene whose opening was heard."""
    one, notes = recorder()
    plan = one.begin(0.0)
    one.commit(plan, words=None, now_s=0.0)
    for beat in plan.beats:
        one.performed(beat, "Bonsoir à tous.", False, 4.0)
    notes.clear()
    return one, notes


def test_scene_is_opened_with_its_seed_before_the_first_move() -> None:
    one, notes = recorder()
    one.commit(one.begin(0.0), words=None, now_s=0.0)

    assert [data["do"] for kind, data in notes if kind == "move"] == ["opened", "begin"]
    assert notes[0][1]["seed"] == Random(7).getrandbits(48)
    assert notes[0][1]["version"] == VERSION


def test_plan_that_is_thrown_away_leaves_nothing() -> None:
    one, notes = begun()
    one.answer("Bonsoir.", 5.0)
    one.tick(6.0, quiet_s=1.0, busy=True)

    assert notes == []


def test_move_tells_when_it_was_looked_at_and_when_it_was_played() -> None:
    one, notes = begun()
    plan = one.answer("Monsieur Roche, votre avis ?", 9.5, choice="kerbrat")
    one.commit(plan, words="Monsieur Roche, votre avis ?", now_s=10.25)
    (kind, move), (_, decision) = notes

    assert (kind, move["do"], move["now_s"], move["at_s"]) == ("move", "answer", 9.5, 10.25)
    assert (move["choice"], move["heard"]) == ("kerbrat", "u0002")
    assert (decision["rung"], decision["chosen"], decision["at_s"]) == ("addressed", ["roche"], 9.5)


def test_plan_made_before_a_line_was_cut_tells_which_state_it_saw() -> None:
    one, notes = begun()
    first = one.answer("Monsieur Roche, votre avis ?", 9.0)
    one.commit(first, words="Monsieur Roche, votre avis ?", now_s=9.0)
    early = one.answer("Attendez, monsieur.", 12.0)
    one.performed(first.beats[0], "Je crois", True, 12.5)
    one.commit(early, words="Attendez, monsieur.", now_s=13.0)
    moves = {data["do"]: data for kind, data in notes if kind == "move"}

    assert moves["answer"]["seen"] == moves["performed"]["n"] - 1


def test_decision_tells_how_long_it_took() -> None:
    one, notes = begun()
    one.commit(one.answer("Bonsoir.", 5.0), words="Bonsoir.", now_s=5.0)

    assert notes[1][1]["took_ms"] == 2.0


def test_decision_that_waited_for_a_model_counts_from_its_beginning() -> None:
    one, notes = begun()
    one.commit(one.answer("Bonsoir.", 5.0, began_s=-0.2), words="Bonsoir.", now_s=5.0)

    assert notes[1][1]["took_ms"] > 200


def test_line_of_which_nothing_was_heard_is_no_move() -> None:
    one, notes = begun()
    plan = one.answer("Bonsoir.", 5.0)
    one.commit(plan, words="Bonsoir.", now_s=5.0)
    notes.clear()
    one.performed(plan.beats[0], "", True, 6.0)

    assert notes == []


def test_d4_no_word_of_anybody_is_written_down() -> None:
    take = Improvised(debate(), 3).play(60)
    written = json.dumps([data for _, data in take.notes], ensure_ascii=False).casefold()

    texts = (*WORDS, *(said.text for said in take.turns))
    sentences = [one for one in texts if len(one.split()) > 1]
    assert len(sentences) > 20
    assert [one for one in sentences if one.casefold() in written] == []


def test_scores_are_written_with_their_terms() -> None:
    take = Improvised(debate(), 1).play(60)
    scored = [data for kind, data in take.notes if kind == "decision" and data["scores"]]

    assert scored
    assert all(one.keys() == {"persona", "total", "terms"} for one in scored[0]["scores"])
    assert all(isinstance(value, float) for value in scored[0]["scores"][0]["terms"].values())


def test_canonical_form_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": [True, None]}) == canonical({"a": [True, None], "b": 1})
    assert canonical({"é": 0.1}) == '{"é":0.1}'
    assert digest_of({"a": 1}) != digest_of({"a": 2})


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterScene(Scene):
    """A scene of a version that holds more."""

    weather: str | None = None
    doors: Tally = ()
    chairs: int = 0

    def to_json(self) -> dict[str, Any]:
        return {**Scene.to_json(self), "weather": None, "doors": [], "chairs": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterBeat(Beat):
    """A beat of a version that holds more."""

    volume: float = 0.0
    lights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterPlan(Plan):
    """A plan of a version that holds more."""

    props: tuple[str, ...] = ()


def test_field_that_a_later_version_adds_empty_leaves_the_digests_as_they_were() -> None:
    scene = Scene(seed=7, phase="ouverture", words=(("roche", 12),), points=2)
    later = LaterScene(seed=7, phase="ouverture", words=(("roche", 12),), points=2)
    plan = begun()[0].answer("Bonsoir.", 5.0)
    beats = tuple(LaterBeat(**{f.name: getattr(b, f.name) for f in fields(b)}) for b in plan.beats)
    values = {f.name: getattr(plan, f.name) for f in fields(plan)} | {"beats": beats}

    assert scene_digest(scene) == scene_digest(later)
    assert plan_digest(plan) == plan_digest(LaterPlan(**values))
    assert scene_digest(scene) != scene_digest(replace(scene, begun=True))
    assert plan_digest(plan) != plan_digest(replace(plan, ends=True))


def test_place_in_a_list_counts_though_what_stands_there_is_empty() -> None:
    assert digest_of({"a": [0, 1]}) != digest_of({"a": [1, 0]})
    assert digest_of({"a": [[], {"b": {}}]}) == digest_of({"a": [[], {"c": ""}]})
    assert digest_of({"a": {"b": {"c": 0.0}}}) == digest_of({})


def test_decision_comes_back_from_the_store_as_it_was() -> None:
    one, _ = begun()
    decision = decision_of(one.answer("Je défends le fret.", 5.0), 5.0)

    assert canonical(json.loads(json.dumps(decision))) == canonical(decision)
