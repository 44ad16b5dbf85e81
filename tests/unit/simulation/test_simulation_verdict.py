"""What a listener would notice: each check finds what it is for, and nothing in a sound scene."""

from dataclasses import replace

import pytest

from agents.manager.beats import Beat, BeatKind, Decision, Plan, Rung, Score
from bench.simulation.people import Kind
from bench.simulation.played import play
from bench.simulation.tape import Floor, Segment, Tape, Turn
from bench.simulation.verdict import airtime, favours, leaks, noticed
from bench.simulation.words import Sent
from scenarios.schema import Scenario
from services.llm.request import Message, Request, TaskType
from tests.fakes.scenes import debate

LONG = "une phrase assez longue pour compter"


def said(
    who: str,
    begin_s: float,
    text: str = LONG,
    *,
    kind: BeatKind = BeatKind.ANSWER,
    last_s: float = 2.0,
) -> Segment:
    floor: Floor = "learner" if who == "learner" else "cast"
    beat = Beat(id=f"b{begin_s}", persona=who, kind=kind, phase="ouverture")
    return Segment(
        floor=floor,
        who=who,
        text=f"{text} {begin_s}",
        begin_s=begin_s,
        end_s=begin_s + last_s,
        beat=None if floor == "learner" else beat,
    )


def turn(*personas: str, addressed: str | None = None, sound_s: float | None = 11.0) -> Turn:
    beats = tuple(
        Beat(id=f"a-{at}", persona=one, kind=BeatKind.ANSWER, phase="ouverture")
        for at, one in enumerate(personas)
    )
    candidates = ("morel", "roche", "kerbrat", "castan")
    decision = Decision(rung=Rung.SCORE, chosen=personas, reason="", candidates=candidates)
    return Turn(
        words="",
        end_s=10.0,
        addressed=addressed,
        plan=Plan(beats=beats, decision=decision),
        sound_s=sound_s,
    )


def kinds(tape: Tape, scenario: Scenario | None = None) -> list[str]:
    return [one.kind for one in noticed(scenario or debate(), tape)]


def test_a_sound_scene_shows_nothing() -> None:
    tape = Tape(
        segments=[said("learner", 7.0), said("roche", 11.0), said("castan", 13.2)],
        turns=[turn("roche", "castan", addressed="roche")],
    )
    assert kinds(tape) == []


def test_two_of_the_cast_at_once_are_an_overlap() -> None:
    assert kinds(Tape(segments=[said("roche", 1.0), said("castan", 2.9)])) == ["overlap"]


def test_m4_a_reaction_over_a_line_is_an_overlap_too() -> None:
    aside = replace(said("castan", 2.0), floor="aside")
    assert kinds(Tape(segments=[said("roche", 1.0), aside])) == ["overlap"]


@pytest.mark.parametrize("sound_s", [14.1, None])
def test_a_turn_that_nobody_answers_within_four_seconds_is_a_silence(sound_s: float | None) -> None:
    assert kinds(Tape(turns=[turn("roche", sound_s=sound_s)])) == ["silence"]


def test_a_turn_that_the_person_goes_on_from_is_none() -> None:
    overtaken = replace(turn("roche", sound_s=None), overtaken=True)
    assert kinds(Tape(turns=[overtaken])) == []


def test_the_same_line_again_is_a_loop_whoever_says_it() -> None:
    twice = [replace(said("roche", 1.0), text=LONG), replace(said("castan", 9.0), text=LONG)]
    assert kinds(Tape(segments=twice)) == ["loop"]
    short = [replace(one, text="Continuez donc.") for one in twice]
    assert kinds(Tape(segments=short)) == []


def test_a_cast_that_talks_on_among_itself_is_a_loop() -> None:
    lines = [said("roche", 3.0 * at, kind=BeatKind.FOLLOW_UP) for at in range(1, 4)]
    assert kinds(Tape(segments=lines)) == ["loop"]
    assert kinds(Tape(segments=[*lines[:2], said("learner", 8.5, last_s=0.4), lines[2]])) == []


def test_a_follow_up_that_the_person_talks_over_is_before_their_turn() -> None:
    scene = debate(limits={"cast_turns": 1})
    first, second = (said("roche", at, kind=BeatKind.FOLLOW_UP) for at in (5.1, 12.0))
    over = said("learner", 5.0, last_s=6.0)
    assert kinds(Tape(segments=[first, over, second]), scene) == []
    assert kinds(Tape(segments=[first, second]), scene) == ["loop"]


def test_another_ones_name_before_a_colon_is_a_borrowed_voice() -> None:
    line = replace(said("roche", 1.0), text="Oui. Émile Castan : je ne crois pas.")
    assert kinds(Tape(segments=[line])) == ["speaks_for"]


def test_one_who_was_asked_by_name_and_says_nothing_was_ignored() -> None:
    assert kinds(Tape(turns=[turn("castan", addressed="roche")])) == ["ignored"]
    assert kinds(Tape(turns=[turn("castan", addressed="somebody-away")])) == []


@pytest.mark.parametrize(
    ("asks", "found"),
    [
        ("Et vous, qui va payer ?", ["trodden"]),
        ("Émile, qui va payer ?", []),
        ("Qui va payer ? Personne.", []),
    ],
)
def test_who_talks_on_after_a_question_to_the_person_treads_on_it(
    asks: str, found: list[str]
) -> None:
    first = replace(said("roche", 1.0), text=asks)
    after = said("castan", 4.0, kind=BeatKind.FOLLOW_UP)
    assert kinds(Tape(segments=[first, after])) == found
    assert kinds(Tape(segments=[first, said("learner", 3.5), after])) == []
    assert kinds(Tape(segments=[first, replace(after, beat=None)])) == []


def test_airtime_beyond_the_authors_share_is_seen() -> None:
    scene = debate(moderation={"airtime": {"min": 0.1, "max": 0.4}})
    lines = [said(who, 10.0 * at, LONG * 12) for at, who in enumerate(["roche"] * 3 + ["morel"])]
    plans = [turn(one.who) for one in lines]
    for one, chosen in zip(lines, plans, strict=True):
        assert one.beat is not None
        chosen.plan = replace(chosen.plan, beats=(one.beat,))
    found = {one.what for one in airtime(scene, Tape(segments=lines, turns=plans))}
    assert found == {"roche has 75%", "kerbrat has only 0%", "castan has only 0%"}


def test_who_has_a_fair_share_of_all_that_was_heard_hogs_nothing() -> None:
    scene = debate(moderation={"airtime": {"min": 0.0, "max": 0.4}})
    free = said("roche", 1.0, LONG * 30)
    others = [said(who, 100.0 * at, LONG * 30) for at, who in enumerate(("morel", "kerbrat"), 1)]
    chosen = turn("roche")
    assert free.beat is not None
    chosen.plan = replace(chosen.plan, beats=(free.beat,))
    assert [one.what for one in airtime(scene, Tape(segments=[free], turns=[chosen]))]
    assert list(airtime(scene, Tape(segments=[free, *others], turns=[chosen]))) == []


def spoken(*words: tuple[str, int]) -> list[Segment]:
    """Lines of so many words, one after the other, none of them freely given."""
    return [said(who, 10.0 * at, "mot " * (n - 1)) for at, (who, n) in enumerate(words)]


@pytest.mark.parametrize(
    ("rung", "kind", "found"),
    [
        (Rung.SCORE, BeatKind.ANSWER, ["roche gets the word with 62%"]),
        (Rung.MODEL, BeatKind.ANSWER, ["roche gets the word with 62%"]),
        (Rung.ADDRESSED, BeatKind.ANSWER, []),
        (Rung.ADDRESSED, BeatKind.FOLLOW_UP, ["roche gets the word with 62%"]),
        (Rung.SCENE, BeatKind.CLOSING, []),
        (Rung.SCENE, BeatKind.CUT_IN, ["roche gets the word with 62%"]),
    ],
)
def test_who_has_had_their_share_and_freely_gets_the_word_again_is_seen(
    rung: Rung, kind: BeatKind, found: list[str]
) -> None:
    scene = debate(moderation={"airtime": {"max": 0.4}})
    lines = spoken(("roche", 124), ("castan", 76))
    again = turn("roche")
    weighed = (Score(persona="roche", total=1.0, terms=(("patience_left", -1.0),)),)
    beats = tuple(replace(beat, kind=kind) for beat in again.plan.beats)
    decision = replace(again.plan.decision, rung=rung, scores=weighed)
    again = replace(again, plan=replace(again.plan, beats=beats, decision=decision), end_s=30.0)
    assert [one.what for one in favours(scene, Tape(segments=lines, turns=[again]))] == found


def test_the_word_goes_to_who_has_had_their_share_where_nobody_else_is_there() -> None:
    scene = debate(moderation={"airtime": {"max": 0.4}})
    again = replace(turn("roche"), end_s=30.0)
    alone = replace(again.plan.decision, candidates=("roche",))
    again = replace(again, plan=replace(again.plan, decision=alone))
    lines = spoken(("roche", 124), ("castan", 76))
    assert list(favours(scene, Tape(segments=lines, turns=[again]))) == []


@pytest.mark.parametrize(("kind", "seed"), [(Kind.SHY, 2), (Kind.RAMBLING, 3)])
def test_a_cast_that_ignores_airtime_is_noticed(
    kind: Kind, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = play("keynote-questions", kind, seed=seed)
    assert [one for one in sound.noticed() if one.kind == "airtime"] == []
    monkeypatch.setattr("agents.manager.airtime._share", lambda *_: None)
    deaf = play("keynote-questions", kind, seed=seed)
    assert [one for one in deaf.noticed() if one.kind == "airtime"]


@pytest.mark.parametrize(("persona", "found"), [("roche", 1), ("castan", 0), (None, 1)])
def test_what_only_one_knows_in_anothers_prompt_is_a_leak(persona: str | None, found: int) -> None:
    request = Request(
        task=TaskType.AGENT_RESPONSE, messages=(Message("system", "zqk3x."),), persona=persona
    )
    sent = [Sent(request=request, at_s=1.0)]
    assert len(list(leaks(sent, {"zqk3x": "castan"}, Tape()))) == found


def test_what_only_one_knows_in_anothers_mouth_is_a_leak() -> None:
    tape = Tape(segments=[said("roche", 1.0, "zqk3x")])
    assert [one.kind for one in leaks([], {"zqk3x": "castan"}, tape)] == ["leak"]
