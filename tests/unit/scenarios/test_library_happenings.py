"""What happens in the library's scenes: guests, documents, news, scores, moods and order."""

import re
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from agents.cast.prompts import news_of, shown_in
from agents.manager.moods import first
from agents.manager.scene import Scene
from scenarios.describe import public_view
from scenarios.happenings import Event
from scenarios.loader import load
from scenarios.schema import Airtime, Scenario

LIBRARY = Path(__file__).resolve().parents[3] / "scenarios" / "library"
SLUGS = sorted(path.parent.name for path in LIBRARY.glob("*/scenario.yaml"))
DIALS = ("patience", "hostility", "talkativeness", "interruption")

each_scene = pytest.mark.parametrize("slug", SLUGS)


@cache
def scene(slug: str) -> Scenario:
    return load(LIBRARY / slug).scenario


def events(do: str) -> list[tuple[str, Event]]:
    return [(slug, one) for slug in SLUGS for one in scene(slug).events if one.do == do]


def test_three_scenes_let_a_guest_arrive_and_name_none_to_learners() -> None:
    guests = {slug: scene(slug).late_guests for slug in SLUGS if scene(slug).late_guests}
    assert len(guests) >= 3
    for slug, late in guests.items():
        shown = {one["id"] for one in public_view(scene(slug))["cast"]}  # type: ignore[attr-defined]
        assert shown == {one.id for one in scene(slug).cast} - set(late)


@each_scene
def test_each_scene_shows_a_page_that_fits_on_a_screen(slug: str) -> None:
    pages = [one.document for one in scene(slug).events if one.document is not None]
    assert pages
    for page in pages:
        assert 20 <= len(page.text.split()) <= 120
        assert "'" not in page.text or scene(slug).language == "en"


@each_scene
def test_each_scene_has_news_that_some_know_and_some_do_not(slug: str) -> None:
    scenario = scene(slug)
    told = [one for one in scenario.events if one.do == "news"]
    assert told
    for event in told:
        after = Scene(seed=0, phase=scenario.phases[0].id, fired=(event.id,))
        cast = [one.id for one in scenario.cast]
        knowing = {one for one in cast if event.news in news_of(one, scenario, after)}
        assert knowing == {event.by, *event.to}
        assert knowing < set(cast)
        assert event.say
        assert event.news is not None
        assert event.news not in event.say
        assert shown_in(scenario, after) == ()


def test_two_scenes_count_points_and_three_wait_for_moods() -> None:
    waiting = {
        slug
        for slug in SLUGS
        for one in scene(slug).events
        if one.when.score_from is not None or one.when.score_to is not None
    }
    assert waiting == {slug for slug in SLUGS if scene(slug).points}
    assert len(waiting) >= 2
    moody = {slug for slug in SLUGS for one in scene(slug).events if one.when.mood is not None}
    assert len(moody) >= 3


@each_scene
def test_no_mood_that_an_event_waits_for_is_there_from_the_start(slug: str) -> None:
    for event in scene(slug).events:
        if (mood := event.when.mood) is None:
            continue
        begun = first(scene(slug), mood.of)
        holds = (
            (mood.trust_below is None or begun.trust < mood.trust_below)
            and (mood.trust_above is None or begun.trust > mood.trust_above)
            and (mood.impatience_above is None or begun.impatience > mood.impatience_above)
        )
        assert not holds, event.id


def test_two_moderators_keep_a_time_box_and_airtime() -> None:
    strict = {
        slug
        for slug in SLUGS
        if scene(slug).moderation.turn_s and scene(slug).moderation.airtime != Airtime()
    }
    assert strict >= {"debat-tv", "keynote-questions"}
    assert all(scene(slug).moderation.by for slug in strict)


def test_one_opening_goes_to_whoever_is_ready_and_one_phase_has_somebody_out() -> None:
    phases = [(slug, phase) for slug in SLUGS for phase in scene(slug).phases]
    assert [slug for slug, phase in phases if phase.order == "first_ready"]
    out = {
        (slug, one.id)
        for slug, phase in phases
        for one in scene(slug).cast
        if one.id not in scene(slug).present_in(phase)
    }
    assert out == {("entretien-embauche", "delmas")}


@each_scene
def test_tempers_of_a_cast_are_far_apart(slug: str) -> None:
    tempers = [one.temper.model_dump() for one in scene(slug).cast]
    for dial in DIALS:
        values = [one[dial] for one in tempers]
        assert max(values) - min(values) >= 0.35, dial
    for one, two in combinations(tempers, 2):
        assert max(abs(one[dial] - two[dial]) for dial in DIALS) >= 0.25


@each_scene
def test_scripted_tests_expect_half_of_the_events_or_more(slug: str) -> None:
    expected = {one.expect.event for one in scene(slug).tests}
    happening = {one.id for one in scene(slug).events}
    assert len(expected & happening) * 2 >= len(happening)


def test_every_guest_page_and_news_of_the_library_is_played_by_a_test() -> None:
    for do in ("arrive", "show", "news"):
        for slug, event in events(do):
            expected = {one.expect.event for one in scene(slug).tests}
            assert event.id in expected, (slug, event.id)


@each_scene
def test_pages_bear_no_machine_dashes_and_their_rows_are_whole(slug: str) -> None:
    for event in scene(slug).events:
        if event.document is None:
            continue
        rows = [line for line in event.document.text.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in rows}) <= 1, event.id
        assert not re.search(r"[—–]", event.document.text)
