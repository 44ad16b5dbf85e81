"""Every scene of the library: clean, playable without a model, and written for the ear."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest

from agents.manager.rehearsal import play_through, rehearse
from scenarios.happenings import Event, When
from scenarios.hearing import words_of
from scenarios.loader import Loaded, load
from scenarios.schema import Character, Scenario

LIBRARY = Path(__file__).resolve().parents[3] / "scenarios" / "library"
SLUGS = sorted(path.parent.name for path in LIBRARY.glob("*/scenario.yaml"))
NO_BREAK = "\u00a0"

each_scene = pytest.mark.parametrize("slug", SLUGS)


@cache
def loaded(slug: str) -> Loaded:
    return load(LIBRARY / slug / "scenario.yaml")


def scene(slug: str) -> Scenario:
    return loaded(slug).scenario


def sentences(character: Character) -> Iterator[str]:
    """Everything the character may say but reactions, which are meant to be short."""
    lines = character.understudy
    yield from lines.opening
    yield from lines.lines
    for of_phase in lines.phases.values():
        yield from of_phase
    yield from (rule.say for rule in lines.heard)
    yield from lines.closing


def spoken(scenario: Scenario) -> Iterator[str]:
    """Everything that may be said aloud in the scene."""
    for character in scenario.cast:
        yield from sentences(character)
        yield from character.understudy.reactions
    yield from (event.say for event in scenario.events if event.say)


def test_three_scenes_are_french_and_two_english() -> None:
    assert SLUGS == [
        "conseil-administration",
        "debat-tv",
        "entretien-embauche",
        "keynote-questions",
        "sales-conference",
    ]
    assert Counter(scene(slug).language for slug in SLUGS) == {"fr": 3, "en": 2}


@each_scene
def test_scene_lints_clean_without_a_warning(slug: str) -> None:
    assert [str(one) for one in loaded(slug).warnings] == []


@each_scene
def test_scripted_tests_hold_and_are_eight_or_more(slug: str) -> None:
    checked = list(rehearse(scene(slug)))
    assert [(one.number, one.failures) for one in checked if one.failures] == []
    assert len(checked) >= 8


@each_scene
@pytest.mark.parametrize("seed", range(5))
def test_scene_played_through_ends_and_is_never_mute(slug: str, seed: int) -> None:
    takes = play_through(scene(slug), seed=seed)
    said = [one.text for take in takes for one in take.spoken]
    assert takes[-1].ended == "completed"
    assert all(said)
    assert {one.beat.persona for take in takes for one in take.spoken} == {
        one.id for one in scene(slug).cast
    }


def test_debate_keeps_the_tests_that_outside_clients_know() -> None:
    wanted = {"Bonsoir.": "morel", "Monsieur Roche, votre avis ?": "roche"}
    found = {one.say: one.expect.speaker for one in scene("debat-tv").tests if one.say in wanted}
    assert found == wanted


@each_scene
def test_cast_has_three_to_six_with_voices_apart(slug: str) -> None:
    cast = scene(slug).cast
    assert 3 <= len(cast) <= 6
    for one, other in combinations(cast, 2):
        if one.voice.gender == other.voice.gender:
            assert abs(one.voice.pitch - other.voice.pitch) >= 0.3, (one.id, other.id)


@each_scene
def test_every_character_has_a_title_a_secret_and_something_to_know(slug: str) -> None:
    for character in scene(slug).cast:
        assert character.title
        assert character.knows, character.id
        assert character.secrets, character.id


@each_scene
def test_every_secret_has_an_event_that_tells_it(slug: str) -> None:
    told = {one.secret for one in scene(slug).events if one.do == "release" and one.say}
    held = {f"{who.id}.{secret.id}" for who in scene(slug).cast for secret in who.secrets}
    assert told == held


@each_scene
def test_understudies_have_enough_to_say(slug: str) -> None:
    scenario = scene(slug)
    for character in scenario.cast:
        lines = character.understudy
        assert len(lines.opening) >= 2, character.id
        assert len(lines.lines) >= 6, character.id
        assert len(lines.heard) >= 8, character.id
        assert len(lines.reactions) >= 4, character.id
        assert len(lines.closing) >= 2, character.id
        for phase in scenario.phases:
            if character.id in scenario.speakers_of(phase):
                assert len(lines.phases[phase.id]) >= 3, (character.id, phase.id)


@each_scene
def test_lines_are_short_enough_to_be_spoken(slug: str) -> None:
    for character in scene(slug).cast:
        for line in sentences(character):
            assert 7 <= len(words_of(line)) <= 36, line
        for line in character.understudy.reactions:
            assert len(words_of(line)) <= 7, line


@each_scene
def test_no_line_is_written_twice(slug: str) -> None:
    counts = Counter(spoken(scene(slug)))
    assert [line for line, count in counts.items() if count > 1] == []


@each_scene
def test_lines_hold_nothing_that_a_voice_stumbles_over(slug: str) -> None:
    stumbles = re.compile(r"[\d<>*_#%&/()\[\]{}…—–]|\b[A-Z]{2,}\b|\b(?:M|Mr|Mrs|Dr|etc)\.")
    assert [line for line in spoken(scene(slug)) if stumbles.search(line)] == []
    assert [line for line in spoken(scene(slug)) if line[-1] not in ".?!"] == []


@each_scene
def test_typography_is_that_of_the_language(slug: str) -> None:
    for line in spoken(scene(slug)):
        if scene(slug).language == "en":
            assert line.isascii(), line
        else:
            assert "'" not in line, line
            assert not re.search(rf"[^{NO_BREAK}?!][?!:;»]|«[^{NO_BREAK}]", line), line


@each_scene
def test_phases_fit_into_the_duration(slug: str) -> None:
    scenario = scene(slug)
    limits = [phase.time_limit_s for phase in scenario.phases]
    assert 3 <= len(limits) <= 4
    assert None not in limits
    assert sum(limit or 0 for limit in limits) <= scenario.limits.duration_s
    assert 300 <= scenario.limits.duration_s <= 900


@each_scene
def test_rubric_has_four_or_five_criteria_anchored_at_0_3_5(slug: str) -> None:
    rubric = scene(slug).rubric
    assert 4 <= len(rubric) <= 5
    assert all({0, 3, 5} <= set(criterion.anchors) for criterion in rubric)


@each_scene
def test_knowledge_is_a_page_and_not_a_book(slug: str) -> None:
    scenario = scene(slug)
    assert scenario.knowledge
    for name in scenario.knowledge:
        words = (LIBRARY / slug / name).read_text(encoding="utf-8").split()
        assert 150 <= len(words) <= 400, name


def test_library_shows_every_kind_of_event() -> None:
    events = [event for slug in SLUGS for event in scene(slug).events]
    triggers = {name for event in events for name in event.when.model_dump(exclude_none=True)}
    assert triggers == set(When.model_fields)
    assert {event.do for event in events} == set(get_args(Event.model_fields["do"].annotation))
