"""What lint says of late guests, of those who are out, and of rules of order: row Y2."""

import pytest

from scenarios.errors import ScenarioErrors
from scenarios.loader import load
from tests.fakes.scene_file import SceneFile

OPENING = "    speakers: [morel, roche]\n"
FIN = "  - id: fin\n    goal: conclure\n"
GUEST = """\
  - id: vidal
    name: Jeanne Vidal
    persona: Inspectrice.
    voice: {gender: female, pitch: -0.4}
    understudy:
      opening: ["Pardon pour le retard."]
      lines: ["Qui paie ?"]
      closing: ["Merci."]
"""


def let_in(scene: SceneFile, when: str, *, more: str = "") -> None:
    """Gives the scene a late guest who arrives at that moment, and other events before."""
    scene.change("knowledge:", f"{GUEST}knowledge:")
    scene.change(
        "events:\n",
        f"events:\n{more}  - {{id: venue, when: {{{when}}}, by: vidal, do: arrive}}\n",
    )


def test_a_guest_who_arrives_and_then_speaks_has_no_problem(scene: SceneFile) -> None:
    let_in(scene, "phase: ouverture, turns: 1")
    assert scene.problems() == []
    assert load(scene.path).scenario.late_guests == ("vidal",)


def test_y2_a_second_arrival_is_refused_and_names_the_first(scene: SceneFile) -> None:
    let_in(scene, "phase: fin", more="  - {id: tot, when: {turns: 1}, by: vidal, do: arrive}\n")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-ARRIVES-TWICE", "events[1].by")
    assert f"line {scene.line_of('  - {id: tot')}" in problem.cause


@pytest.mark.parametrize(
    ("acts", "arrives"),
    [
        ("phase: ouverture", "phase: fin"),
        ("phase: fin, turns: 1", "phase: fin, turns: 3"),
        ("phase: ouverture, after_s: 20", "phase: ouverture, after_s: 40"),
    ],
)
def test_y2_a_guest_who_acts_before_arriving_is_refused(
    scene: SceneFile, acts: str, arrives: str
) -> None:
    more = f"  - {{id: mot, when: {{{acts}}}, by: vidal, do: prompt}}\n"
    let_in(scene, arrives, more=more)
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-LATE", "events[0].by")
    assert '"venue"' in problem.cause
    assert "behind the arrival" in problem.hint


@pytest.mark.parametrize(
    ("acts", "arrives"),
    [
        ("phase: fin", "phase: ouverture, turns: 1"),
        ("heard: rail", "phase: fin"),
        ("phase: ouverture, turns: 3", "phase: ouverture, turns: 1"),
    ],
)
def test_a_guest_who_acts_after_arriving_has_no_problem(
    scene: SceneFile, acts: str, arrives: str
) -> None:
    more = f"  - {{id: mot, when: {{{acts}}}, by: vidal, do: prompt}}\n"
    let_in(scene, arrives, more=more)
    assert scene.problems() == []


@pytest.mark.parametrize(
    ("when", "surely"),
    [
        ("phase: ouverture, turns: 1", True),
        ("phase: ouverture, after_s: 30", True),
        ("phase: ouverture, after_s: 90", False),
        ("phase: ouverture, turns: 3", False),
        ("phase: ouverture, heard: rail", False),
        ("phase: ouverture, silence_s: 9", False),
        ("phase: ouverture, mood: {of: roche, trust_above: 0.6}", False),
        ("heard: rail", False),
        ("phase: fin", False),
    ],
)
def test_y2_a_guest_who_leads_a_phase_without_having_surely_arrived_warns(
    scene: SceneFile, when: str, surely: bool
) -> None:
    let_in(scene, when)
    scene.change(FIN, f"{FIN}    lead: vidal\n")
    codes = [(one.code, one.field) for one in scene.problems()]
    assert codes == ([] if surely else [("W-LATE", "phases[1].lead")])


def test_y2_a_phase_in_which_only_late_guests_speak_is_refused(scene: SceneFile) -> None:
    let_in(scene, "phase: ouverture, heard: rail")
    scene.change(FIN, f"{FIN}    speakers: [vidal]\n")
    problem = next(one for one in scene.problems() if one.severity == "error")
    assert (problem.code, problem.field) == ("E-NO-SPEAKERS", "phases[1].speakers")
    assert "from the start" in problem.hint
    with pytest.raises(ScenarioErrors):
        load(scene.path)


def test_y2_a_cast_of_late_guests_alone_is_refused(scene: SceneFile) -> None:
    arrivals = "".join(
        f"  - {{id: venue-{one}, when: {{turns: 1}}, by: {one}, do: arrive}}\n"
        for one in ("morel", "roche")
    )
    scene.change("events:\n", f"events:\n{arrivals}")
    fields = [one.field for one in scene.problems() if one.code == "E-NO-SPEAKERS"]
    assert fields == ["phases[0].speakers", "phases[1]"]


def test_a_guest_who_comes_too_late_to_speak_warns(scene: SceneFile) -> None:
    let_in(scene, "phase: fin")
    scene.change(FIN, f"{FIN}    speakers: [morel, roche]\n")
    problem = next(one for one in scene.problems() if one.field == "events[0].by")
    assert (problem.code, problem.severity) == ("W-IDLE", "warning")


def test_a_text_for_learners_that_names_a_late_guest_warns(scene: SceneFile) -> None:
    let_in(scene, "turns: 1")
    scene.change("goal: conclure", "goal: conclure avec madame Vidal")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("W-SURPRISE", "phases[1].goal")


def test_a_text_for_learners_may_name_those_who_are_there(scene: SceneFile) -> None:
    scene.change("goal: conclure", "goal: conclure avec monsieur Roche")
    assert scene.problems() == []


def test_speakers_are_those_present_where_none_are_named(scene: SceneFile) -> None:
    scene.change(FIN, f"{FIN}    present: [morel]\n")
    assert scene.problems() == []
    scenario = load(scene.path).scenario
    assert scenario.speakers_of(scenario.phases[1]) == ("morel",)
    assert scenario.lead_of(scenario.phases[1]) == "morel"


def test_an_event_of_any_phase_by_someone_who_is_out_in_one_warns(scene: SceneFile) -> None:
    scene.change(FIN, f"{FIN}    present: [morel]\n")
    scene.change("when: {phase: ouverture, after_s: 60}", "when: {silence_s: 9}")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("W-ABSENT", "events[0].by")
    assert '"fin"' in problem.cause


def test_y2_a_moderator_is_known_present_and_there_from_the_start(scene: SceneFile) -> None:
    let_in(scene, "turns: 1")
    scene.change("limits:", "moderation: {by: moral}\nlimits:")
    assert (scene.only_problem().code, scene.only_problem().field) == (
        "E-UNKNOWN-CHARACTER",
        "moderation.by",
    )
    scene.change("{by: moral", "{by: vidal")
    assert (scene.only_problem().code, scene.only_problem().field) == ("W-LATE", "moderation.by")
    scene.change("{by: vidal", "{by: roche")
    scene.change(FIN, f"{FIN}    present: [morel, vidal]\n")
    assert (scene.only_problem().code, scene.only_problem().field) == ("W-ABSENT", "moderation.by")


@pytest.mark.parametrize(
    ("shares", "field", "hint"),
    [
        ("{min: 0.4, max: 0.3}", "moderation.airtime", "at most max"),
        ("{min: 0.6}", "moderation.airtime.min", "0.50 or less"),
        ("{max: 0.4}", "moderation.airtime.max", "or more"),
        ("{min: 1.5}", "moderation.airtime.min", "Allowed: 0 to 1."),
    ],
)
def test_y2_airtime_that_cannot_be_shared_out_is_refused(
    scene: SceneFile, shares: str, field: str, hint: str
) -> None:
    scene.change("limits:", f"moderation: {{airtime: {shares}}}\nlimits:")
    problem = scene.only_problem()
    assert (problem.field, problem.severity) == (field, "error")
    assert hint in problem.hint


def test_airtime_that_leaves_a_part_unsaid_until_guests_arrive_warns(scene: SceneFile) -> None:
    let_in(scene, "turns: 1")
    scene.change("limits:", "moderation: {airtime: {max: 0.4}}\nlimits:")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("W-AIRTIME", "moderation.airtime.max")


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        (OPENING, f"{OPENING}    order: first_ready\n", "W-UNUSED", "phases[0].order"),
        ("{duration_s: 600,", "{absence_s: 121, duration_s: 600,", "W-ABSENCE", "limits.absence_s"),
        ("{duration_s: 600,", "{absence_s: 301, duration_s: 600,", "E-RANGE", "limits.absence_s"),
        ("limits:", "moderation: {turn_s: 600}\nlimits:", "W-TIME-LIMIT", "moderation.turn_s"),
        ("limits:", "moderation: {turn_s: 4}\nlimits:", "E-RANGE", "moderation.turn_s"),
        ("{duration_s: 600,", "{cast_turns: 7, duration_s: 600,", "E-RANGE", "limits.cast_turns"),
    ],
)
def test_y2_a_rule_of_order_that_fits_nobody_is_told(
    scene: SceneFile, old: str, new: str, code: str, field: str
) -> None:
    scene.change(old, new)
    problem = scene.only_problem()
    assert (problem.code, problem.field) == (code, field)
    assert problem.hint


def test_a_parallel_opening_of_a_cast_that_may_not_talk_to_itself_warns(scene: SceneFile) -> None:
    scene.change(OPENING, f"{OPENING}    opening: parallel\n    order: first_ready\n")
    assert scene.problems() == []
    scene.change("{duration_s: 600,", "{cast_turns: 0, duration_s: 600,")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("W-CAST-TURNS", "phases[0].opening")
