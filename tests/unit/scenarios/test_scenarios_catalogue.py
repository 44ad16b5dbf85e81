"""Scenes on offer while their files change: failures.md rows Y2, Y4 and Y5."""

import logging
from pathlib import Path

import pytest

from scenarios.catalogue import LIBRARY, Catalogue, scenes_below
from scenarios.errors import ScenarioError, UnknownScenario
from tests.fakes.scene_file import SMALL_SCENE, SceneFile


def add_scene(folder: Path, id: str, title: str = "T") -> SceneFile:
    scene = SceneFile(folder / f"for-{id}")
    scene.write(SMALL_SCENE.replace("id: debat", f"id: {id}").replace("Le débat", title))
    scene.folder = scene.folder.rename(folder / id)
    scene.path = scene.folder / "scenario.yaml"
    (folder / f"for-{id}").rmdir()
    return scene


def test_scenes_come_by_name_and_the_first_is_the_default(tmp_path: Path) -> None:
    for id in ("b", "a", "c"):
        add_scene(tmp_path, id)
    catalogue = Catalogue([tmp_path])
    assert catalogue.ids() == ("a", "b", "c")
    assert [one.scenario.id for one in catalogue.all()] == ["a", "b", "c"]
    assert catalogue.default().scenario.id == "a"


def test_named_default_wins_while_it_is_there(tmp_path: Path) -> None:
    add_scene(tmp_path, "a")
    add_scene(tmp_path, "b")
    assert Catalogue([tmp_path], default="b").default().scenario.id == "b"
    assert Catalogue([tmp_path], default="x").default().scenario.id == "a"


def test_unknown_id_names_the_nearest(tmp_path: Path) -> None:
    add_scene(tmp_path, "debat")
    with pytest.raises(UnknownScenario, match='Did you mean "debat"') as caught:
        Catalogue([tmp_path]).get("debats")
    assert isinstance(caught.value, ScenarioError)
    assert isinstance(caught.value, KeyError)


def test_a_scene_is_got_without_reading_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_scene(tmp_path, "a")
    add_scene(tmp_path, "b").change("language: fr", "language: es")
    catalogue = Catalogue([tmp_path])
    assert catalogue.get("a").scenario.id == "a"
    assert caplog.records == []
    assert catalogue.ids() == ("a",)
    assert [record.getMessage() for record in caplog.records] == ["scenario.refused"]


def test_no_scene_at_all_is_said(tmp_path: Path) -> None:
    catalogue = Catalogue([tmp_path, tmp_path / "none"])
    assert catalogue.ids() == ()
    with pytest.raises(UnknownScenario):
        catalogue.default()


def test_edit_is_offered_at_the_next_call(scene: SceneFile) -> None:
    catalogue = Catalogue([scene.folder.parent])
    before = catalogue.get("debat")
    scene.change("title: Le débat", "title: Le duel")
    after = catalogue.get("debat")
    assert (before.scenario.title, after.scenario.title) == ("Le débat", "Le duel")


def test_unchanged_file_is_not_read_again(scene: SceneFile) -> None:
    catalogue = Catalogue([scene.folder.parent])
    assert catalogue.get("debat") is catalogue.get("debat")


def test_y2_last_good_version_stays_when_the_file_becomes_bad(scene: SceneFile) -> None:
    catalogue = Catalogue([scene.folder.parent])
    good = catalogue.get("debat")
    scene.change("lead: morel", "lead: moral")
    assert catalogue.get("debat") is good
    (problem,) = catalogue.problems[scene.path]
    assert problem.code == "E-UNKNOWN-CHARACTER"
    scene.change("lead: moral", "lead: roche")
    assert catalogue.get("debat").scenario.phases[0].lead == "roche"
    assert catalogue.problems == {}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("title: Le débat", "titel: Le débat", "E-UNKNOWN-FIELD"),
        ("persona: Moqueur.", "persona: M.\n    model: x", "E-UNKNOWN-FIELD"),
        ("{gender: male}", "{gender: mal}", "E-CHOICE"),
        ("{gender: male}", "{engines: {kokor: x}}", "E-UNKNOWN-ENGINE"),
        ("{gender: male}", "{engines: {openai: onix}}", "E-UNKNOWN-VOICE"),
        ("persona: Moqueur.", "persona: M.\n    temper: {patience: 1.4}", "E-RANGE"),
        ("by: roche", "by: rosh", "E-UNKNOWN-CHARACTER"),
        ("goal: conclure", "goal: conclure\n    next: ouverture", "E-UNKNOWN-FIELD"),
        ("turns: 40,", "turns: 1,", "E-UNREACHABLE"),
        ("[morel, roche]", "[]", "E-NO-SPEAKERS"),
        ("goal: conclure", "goal: conclure\n    present: []", "E-NO-SPEAKERS"),
        ("after_s: 60", "mood: {of: morel, trust_above: 1}", "E-NEVER-FIRES"),
    ],
)
def test_y2_last_good_version_stays_whatever_is_wrong(
    scene: SceneFile, old: str, new: str, code: str
) -> None:
    catalogue = Catalogue([scene.folder.parent])
    good = catalogue.get("debat")
    scene.change(old, new)
    assert catalogue.get("debat") is good
    assert code in {one.code for one in catalogue.problems[scene.path]}


def test_bad_scene_that_never_was_good_is_not_offered(scene: SceneFile) -> None:
    scene.change("language: fr", "language: es")
    catalogue = Catalogue([scene.folder.parent])
    assert catalogue.ids() == ()
    assert scene.path in catalogue.problems


def test_refusal_is_logged_once_with_codes_and_no_text(
    scene: SceneFile, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    catalogue = Catalogue([scene.folder.parent])
    catalogue.ids()
    scene.change("lead: morel", "lead: moral")
    catalogue.ids()
    catalogue.ids()
    (record,) = caplog.records
    assert record.getMessage() == "scenario.refused"
    assert record.__dict__["codes"] == "E-UNKNOWN-CHARACTER"
    assert record.__dict__["scenario"] == "debat"
    assert "moral" not in str(record.__dict__)


@pytest.mark.parametrize("title", ["Le débat", "Le duel"], ids=["taken back", "gone on with"])
def test_scene_that_is_accepted_again_after_a_refusal_is_logged_once(
    scene: SceneFile, caplog: pytest.LogCaptureFixture, title: str
) -> None:
    caplog.set_level(logging.INFO)
    catalogue = Catalogue([scene.folder.parent])
    catalogue.ids()
    scene.change("lead: morel", "lead: moral")
    catalogue.ids()
    scene.change("lead: moral", "lead: morel")
    scene.change("title: Le débat", f"title: {title}")
    catalogue.ids()
    catalogue.ids()
    told = [(record.getMessage(), record.levelname) for record in caplog.records]
    assert told == [("scenario.refused", "WARNING"), ("scenario.accepted", "INFO")]


def test_knowledge_file_that_appears_mends_the_scene(scene: SceneFile) -> None:
    scene.change("[knowledge/fret.md]", "[knowledge/rail.md]")
    catalogue = Catalogue([scene.folder.parent])
    assert catalogue.ids() == ()
    (scene.folder / "knowledge" / "rail.md").write_text("# Rail\n", encoding="utf-8")
    assert catalogue.ids() == ("debat",)


def test_scene_stays_while_its_file_is_away_and_goes_with_its_folder(scene: SceneFile) -> None:
    catalogue = Catalogue([scene.folder.parent])
    assert catalogue.ids() == ("debat",)
    scene.path.rename(scene.folder / "away.yaml")
    assert catalogue.ids() == ("debat",)
    scene.folder.rename(scene.folder.parent / ".gone")
    assert catalogue.ids() == ()


def test_first_folder_wins_where_two_have_one_id(tmp_path: Path) -> None:
    add_scene(tmp_path / "one", "debat", "Premier")
    add_scene(tmp_path / "two", "debat", "Second")
    add_scene(tmp_path / "two", "autre", "Autre")
    catalogue = Catalogue([tmp_path / "one", tmp_path / "two"])
    assert catalogue.ids() == ("debat", "autre")
    assert catalogue.get("debat").scenario.title == "Premier"


def test_y4_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    away = add_scene(tmp_path / "away", "debat")
    shelf = tmp_path / "shelf"
    (shelf / "other").mkdir(parents=True)
    (shelf / "debat").symlink_to(away.folder)
    (shelf / "other" / "scenario.yaml").symlink_to(away.path)
    assert scenes_below(shelf) == []
    assert Catalogue([shelf]).ids() == ()


def test_y5_what_a_session_holds_survives_edit_and_removal(scene: SceneFile) -> None:
    catalogue = Catalogue([scene.folder.parent])
    pinned = catalogue.get("debat")
    text, digest = pinned.text, pinned.hash
    scene.change("title: Le débat", "title: Le duel")
    assert catalogue.get("debat").hash != digest
    assert (pinned.text, pinned.hash, pinned.scenario.title) == (text, digest, "Le débat")


def test_library_is_a_catalogue_without_problems() -> None:
    catalogue = Catalogue([LIBRARY])
    assert len(catalogue.ids()) >= 5
    assert catalogue.problems == {}
