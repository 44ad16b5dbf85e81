"""Where templates stand: versions, the one in use, an operator's own, exchange as files."""

from pathlib import Path

import pytest

from services.llm.prompts.store import LIBRARY, TemplateStore
from services.llm.prompts.templates import TemplateError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prompts"


@pytest.fixture
def store(folder: Path) -> TemplateStore:
    return TemplateStore(folder)


def shipped_text(name: str = "repair", language: str = "en") -> str:
    return (LIBRARY / name / language / "1.yaml").read_text(encoding="utf-8")


def put(folder: Path, version: int, text: str, *, name: str = "repair") -> Path:
    path = folder / name / "en" / f"{version}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def edited(change: str = "Again, please.") -> str:
    return shipped_text().replace("Answer again:", f"{change} Answer again:")


def test_the_highest_version_is_used_and_an_operator_s_counts(
    store: TemplateStore, folder: Path
) -> None:
    assert TemplateStore(folder).get("repair", "en").ref == "repair.en@1"
    put(folder, 2, edited())
    assert store.get("repair", "en").ref == "repair.en@2"
    assert store.get("repair", "fr").ref == "repair.fr@1"
    assert store.versions("repair", "en") == (1, 2)


def test_an_old_version_can_still_be_had(store: TemplateStore, folder: Path) -> None:
    put(folder, 2, edited())
    assert store.get("repair", "en", 1).text == shipped_text()


def test_y5_what_a_session_began_with_stays_whatever_is_activated(
    store: TemplateStore, folder: Path
) -> None:
    began = store.get("repair", "en")
    put(folder, 2, edited())
    TemplateStore(folder).activate("repair", "en", 2)
    assert store.get("repair", "en") is began
    assert TemplateStore(folder).get("repair", "en").version == 2


def test_rollback_uses_the_version_before_and_lasts(store: TemplateStore, folder: Path) -> None:
    put(folder, 2, edited("Two."))
    put(folder, 5, edited("Five."))
    assert store.rollback("repair", "en").version == 2
    assert TemplateStore(folder).get("repair", "en").version == 2
    assert store.rollback("repair", "en").version == 1
    with pytest.raises(TemplateError, match=r"repair\.en@1 is the oldest version"):
        store.rollback("repair", "en")


def test_diff_shows_what_changed(store: TemplateStore, folder: Path) -> None:
    put(folder, 2, edited())
    diff = store.diff("repair", "en", 1, 2)
    assert diff.startswith("--- repair.en@1\n+++ repair.en@2\n")
    assert [line for line in diff.splitlines() if line.startswith("+ ")] == [
        next(f"+{line}" for line in edited().splitlines() if "Again, please." in line)
    ]
    assert store.diff("repair", "en", 1, 1) == ""


def test_what_is_exported_can_be_imported_elsewhere(
    store: TemplateStore, folder: Path, tmp_path: Path
) -> None:
    put(folder, 2, edited("Two."))
    put(folder, 3, edited("Three."))
    store.activate("repair", "en", 2)
    refs = store.export(tmp_path / "out")
    other = TemplateStore(tmp_path / "other")
    assert set(other.import_(tmp_path / "out")) == {"repair.en@2", "repair.en@3"}
    assert set(refs) == {one.ref for one in other.check()}
    assert other.get("repair", "en").version == 2
    assert other.get("repair", "en", 3).text == edited("Three.")
    assert other.import_(tmp_path / "out") == ()


def test_without_a_pointer_the_highest_imported_version_is_used(
    store: TemplateStore, tmp_path: Path
) -> None:
    for version in (9, 10):
        put(tmp_path / "in", version, edited(f"Number {version}."))
    assert set(store.import_(tmp_path / "in")) == {"repair.en@9", "repair.en@10"}
    assert store.get("repair", "en").version == 10


def test_an_import_with_one_wrong_file_takes_over_nothing(
    store: TemplateStore, folder: Path, tmp_path: Path
) -> None:
    put(tmp_path / "in", 2, edited())
    wrong = put(tmp_path / "in", 3, edited("{{ 7 * 7 }}"))
    with pytest.raises(TemplateError, match=rf"{wrong}:13:1: error E-TEXT"):
        store.import_(tmp_path / "in")
    assert not folder.exists()


def test_a_version_that_is_known_cannot_be_replaced(store: TemplateStore, tmp_path: Path) -> None:
    put(tmp_path / "in", 1, edited())
    with pytest.raises(TemplateError, match=r"versions never change\. Give yours the number 2"):
        store.import_(tmp_path / "in")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (("faults: {kind: turn, quote: 1500}", "faults: turn"), r"\$faults must be declared as in"),
        (("faults: {", "more: turn\n  faults: {"), r"\$more must be declared as in repair\.en@1"),
        (("task: analysis", "task: debrief"), "`task` must be that of"),
        (("blocks:", "words: {a: b}\nblocks:"), "`words` must have the keys of"),
    ],
)
def test_p2_an_own_version_takes_and_quotes_what_the_shipped_one_does(
    store: TemplateStore, folder: Path, change: tuple[str, str], cause: str
) -> None:
    put(folder, 2, shipped_text().replace(*change))
    with pytest.raises(TemplateError, match=cause):
        store.get("repair", "en")


def test_y4_links_and_strange_files_are_not_read(store: TemplateStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: hunter2", encoding="utf-8")
    path = tmp_path / "in" / "repair" / "en" / "2.yaml"
    path.parent.mkdir(parents=True)
    path.symlink_to(secret)
    with pytest.raises(TemplateError, match="links are not followed") as caught:
        store.import_(tmp_path / "in")
    assert "hunter2" not in str(caught.value)
    path.unlink()
    for strange in ("repair/en/two.yaml", "repair/de/2.yaml", "Repair/en/2.yaml", "2.yaml"):
        other = tmp_path / f"in-{strange.replace('/', '-')}" / strange
        other.parent.mkdir(parents=True)
        other.write_text(edited(), encoding="utf-8")
        with pytest.raises(TemplateError, match="NAME/LANGUAGE/VERSION"):
            store.import_(tmp_path / f"in-{strange.replace('/', '-')}")


def test_y4_a_link_in_the_operator_s_folder_is_not_followed(
    store: TemplateStore, folder: Path, tmp_path: Path
) -> None:
    (folder / "repair" / "en").mkdir(parents=True)
    (tmp_path / "elsewhere.yaml").write_text(edited(), encoding="utf-8")
    (folder / "repair" / "en" / "2.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(TemplateError, match="links are not followed"):
        store.get("repair", "en")


@pytest.mark.parametrize("name", ["../../etc", "repair/../deck", "", "Repair", "repear"])
def test_y4_a_name_is_a_name_and_no_path(store: TemplateStore, name: str) -> None:
    with pytest.raises(TemplateError, match="there is no template"):
        store.get(name, "en")


def test_unknown_names_versions_and_pointers_are_told(store: TemplateStore, folder: Path) -> None:
    with pytest.raises(TemplateError, match='Did you mean "repair"'):
        store.get("repear", "en")
    with pytest.raises(TemplateError, match=r"repair\.en has no version 7. Known here: 1\."):
        store.get("repair", "en", 7)
    put(folder, 2, edited())
    (folder / "repair" / "en" / "active").write_text("7\n", encoding="utf-8")
    with pytest.raises(TemplateError, match=r"active:1:1: error: it must hold one of .* 1, 2"):
        store.get("repair", "en")


def test_an_operator_cannot_add_a_template_that_the_program_does_not_know(
    store: TemplateStore, tmp_path: Path
) -> None:
    put(tmp_path / "in", 1, edited(), name="insult")
    with pytest.raises(TemplateError, match="there is no template insult"):
        store.import_(tmp_path / "in")


def test_the_shipped_library_is_never_written_to() -> None:
    with pytest.raises(TemplateError, match=r"read only\. Give a data folder"):
        TemplateStore().activate("repair", "en", 1)


def test_export_replaces_no_other_text(store: TemplateStore, tmp_path: Path) -> None:
    put(tmp_path / "out", 1, "mine")
    with pytest.raises(TemplateError, match="is there with another text"):
        store.export(tmp_path / "out")
    assert (tmp_path / "out/repair/en/1.yaml").read_text(encoding="utf-8") == "mine"


def test_y1_a_large_file_is_not_read(store: TemplateStore, folder: Path) -> None:
    path = put(folder, 2, "")
    with path.open("wb") as file:
        file.truncate(10 * 1024 * 1024)
    with pytest.raises(TemplateError, match="a template may have 32 KB"):
        store.get("repair", "en")
