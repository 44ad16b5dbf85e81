"""What lint says of guests, documents, news, scores, moods and order: failures.md row Y2."""

import pytest

from scenarios.errors import ScenarioErrors
from scenarios.lint.cast import VOICES
from scenarios.loader import load
from services.speech.timbres import TIMBRES
from tests.fakes.scene_file import SceneFile

OPENING = "    speakers: [morel, roche]\n"


def event(when: str, more: str, *, by: str = "roche", id: str = "autre") -> str:
    """One more event, before the scene's own."""
    return f"events:\n  - {{id: {id}, when: {{{when}}}, by: {by}, {more}}}\n"


ADDED = [
    # unknown names
    ("present: [morel, rosh]", "phases[0].present[1]", "E-UNKNOWN-CHARACTER", '"roche"'),
    ("present: [morel, morel, roche]", "phases[0].present[1]", "E-DUPLICATE-ID", "delete"),
    # presence
    ("present: []", "phases[0].present", "E-NO-SPEAKERS", "whole cast"),
    ("present: [roche]", "phases[0].lead", "E-ABSENT", "present"),
    ("present: [morel]", "phases[0].speakers[1]", "E-ABSENT", "present"),
    ("present: [morel]", "events[0].by", "E-ABSENT", "present"),
]


@pytest.mark.parametrize(("line", "field", "code", "hint"), ADDED)
def test_y2_a_room_that_makes_no_sense_is_refused(
    scene: SceneFile, line: str, field: str, code: str, hint: str
) -> None:
    scene.change(OPENING, f"{OPENING}    {line}\n")
    problem = next(one for one in scene.problems() if one.field == field)
    assert (problem.code, problem.severity) == (code, "error")
    assert hint in problem.hint
    assert problem.line > 1
    with pytest.raises(ScenarioErrors):
        load(scene.path)


EVENTS = [
    ("phase: fin", "do: show", "events[0]", "E-EVENT-NEEDS", "document:"),
    ("phase: fin", "do: news, to: [morel]", "events[0]", "E-EVENT-NEEDS", "news:"),
    ("phase: fin", "do: news, news: x, to: [moral]", "to[0]", "E-UNKNOWN-CHARACTER", '"morel"'),
    ("phase: fin", "do: news, news: x, to: [morel, morel]", "to[1]", "E-DUPLICATE-ID", "delete"),
    ("mood: {of: moral, trust_above: 0.6}", "do: prompt", "of", "E-UNKNOWN-CHARACTER", '"morel"'),
    ("mood: {of: morel}", "do: prompt", "when.mood", "E-NEVER-FIRES", "trust_above"),
    (
        "mood: {of: morel, trust_above: 0.7, trust_below: 0.4}",
        "do: prompt",
        "mood.trust_above",
        "E-NEVER-FIRES",
        "less than trust_below",
    ),
    (
        "mood: {of: morel, trust_above: 0.5, trust_below: 0.5}",
        "do: prompt",
        "mood.trust_above",
        "E-NEVER-FIRES",
        "less than",
    ),
    ("mood: {of: morel, trust_below: 0}", "do: prompt", "trust_below", "E-NEVER-FIRES", "Raise"),
    ("mood: {of: morel, trust_above: 1}", "do: prompt", "trust_above", "E-NEVER-FIRES", "Lower"),
    (
        "mood: {of: morel, impatience_above: 1}",
        "do: prompt",
        "impatience_above",
        "E-NEVER-FIRES",
        "Lower",
    ),
    (
        "mood: {of: morel, trust_above: 1.2}",
        "do: prompt",
        "events[0].when.mood.trust_above",
        "E-RANGE",
        "Allowed: 0 to 1.",
    ),
    ("score_from: 3", "do: prompt", "when.score_from", "E-NEVER-FIRES", "points:"),
    ("score_to: -3", "do: prompt", "when.score_to", "E-NEVER-FIRES", "negative"),
    ("score_from: 3, score_to: 2", "do: prompt", "score_from", "E-NEVER-FIRES", "at most"),
    ("silence_s: 9, heard: x", "do: prompt", "silence_s", "E-NEVER-FIRES", "two events"),
]


@pytest.mark.parametrize(("when", "deed", "field", "code", "hint"), EVENTS)
def test_y2_an_event_that_makes_no_sense_is_refused(
    scene: SceneFile, when: str, deed: str, field: str, code: str, hint: str
) -> None:
    scene.change("events:\n", event(when, deed))
    problem = next(one for one in scene.problems() if one.code == code)
    assert problem.severity == "error"
    assert problem.field.endswith(field)
    assert hint in problem.hint
    assert problem.line == scene.line_of("  - {id: autre")
    with pytest.raises(ScenarioErrors):
        load(scene.path)


FOREIGN = [
    ("do: prompt, news: x", "news", "do: news"),
    ("do: prompt, to: [morel]", "to", "do: news"),
    ("do: say, say: Oui., document: {title: T, text: x}", "document", "do: show"),
    ("do: show, document: {title: T, text: x}, news: x", "news", "do: news"),
    ("do: news, news: x, secret: morel.rapport", "secret", "do: release"),
    ("do: news, news: x, to: [roche]", "to[0]", "others"),
]


@pytest.mark.parametrize(("deed", "field", "hint"), FOREIGN)
def test_y2_a_field_that_belongs_to_another_deed_warns(
    scene: SceneFile, deed: str, field: str, hint: str
) -> None:
    scene.change("events:\n", event("phase: fin", deed))
    problem = scene.only_problem()
    assert (problem.code, problem.severity) == ("W-UNUSED", "warning")
    assert problem.field == f"events[0].{field}"
    assert hint in problem.hint


@pytest.mark.parametrize(
    "deed",
    [
        "do: show, say: Voyez., document: {title: Rapport, text: Une page.}",
        "do: news, news: Le train est en retard., to: [morel], say: J'apprends.",
        "do: prompt",
    ],
)
@pytest.mark.parametrize(
    "when",
    ["mood: {of: morel, trust_below: 0.3, impatience_above: 0.6}", "phase: fin, turns: 2"],
)
def test_an_event_that_is_whole_has_no_problem(scene: SceneFile, when: str, deed: str) -> None:
    scene.change("events:\n", event(when, deed))
    assert scene.problems() == []


def test_y2_scores_are_measured_by_the_points_that_words_are_worth(scene: SceneFile) -> None:
    points = "points:\n  - {heard: rail, add: 3}\n  - {heard: euh, add: -1, once: false}\n"
    scene.change("events:\n", points + event("score_from: 3", "do: prompt"))
    assert scene.problems() == []
    scene.change("score_from: 3", "score_from: 4")
    assert "3 points at most" in scene.only_problem().cause
    scene.change("score_from: 4", "score_to: -40")
    assert scene.problems() == []
    scene.change("score_to: -40", "score_to: -41")
    assert "-40 points at least" in scene.only_problem().cause


@pytest.mark.parametrize("condition", ["score_from: 0", "score_to: 3"])
def test_y2_a_score_that_is_there_from_the_start_warns(scene: SceneFile, condition: str) -> None:
    points = "points:\n  - {heard: rail, add: 3}\n"
    scene.change("events:\n", points + event(condition, "do: prompt"))
    problem = scene.only_problem()
    assert (problem.code, problem.severity) == ("W-POINTS", "warning")
    assert "always holds" in problem.cause


def test_y2_points_without_an_event_that_waits_for_them_warn(scene: SceneFile) -> None:
    scene.change("events:\n", "points:\n  - {heard: rail, add: 0}\nevents:\n")
    assert [(one.code, one.field) for one in scene.problems()] == [
        ("W-POINTS", "points"),
        ("W-POINTS", "points[0].add"),
    ]


def test_a_document_that_tells_a_secret_before_its_release_warns(scene: SceneFile) -> None:
    page = 'document: {title: Page, text: "Morel ? Elle a le rapport confidentiel, oui."}'
    scene.change("events:\n", event("phase: fin", f"do: show, {page}"))
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("W-SECRET-SPOKEN", "events[0].document.text")


def test_y2_an_unknown_voice_of_an_engine_is_refused(scene: SceneFile) -> None:
    scene.change("{gender: male}", "{gender: male, engines: {openai: onix}}")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-UNKNOWN-VOICE", "cast[1].voice.engines.openai")
    assert '"onyx"' in problem.hint
    scene.change("openai: onix", "flite: ktal")
    assert scene.only_problem().code == "E-UNKNOWN-VOICE"


def test_a_voice_of_a_vendor_in_openai_s_place_is_left_alone(scene: SceneFile) -> None:
    scene.change("{gender: male}", "{gender: male, engines: {openai: ff_siwis}}")
    assert scene.problems() == []


def test_voices_that_lint_knows_are_those_that_were_measured() -> None:
    for engine, names in VOICES.items():
        assert set(names) == {one.voice for one in TIMBRES if one.engine == engine}
