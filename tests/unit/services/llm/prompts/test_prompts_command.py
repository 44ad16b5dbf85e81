"""The command for templates: what it prints, and how it ends."""

from pathlib import Path

import pytest

from services.llm.__main__ import main
from services.llm.prompts.store import LIBRARY, TemplateStore


def run(data: Path, *words: str) -> int:
    return main(["templates", "--data-dir", str(data), *words])


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    """A folder with a second version of repair.en."""
    path = tmp_path / "in" / "repair" / "en" / "2.yaml"
    path.parent.mkdir(parents=True)
    text = (LIBRARY / "repair" / "en" / "1.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("no apology", "no excuse"), encoding="utf-8")
    return tmp_path / "in"


def test_list_names_every_template_with_the_version_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "list") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["persona_answer.fr", "2", "1,2"] in [row[:3] for row in rows]
    assert len(rows) == 1 + 2 * len(TemplateStore().names())


def test_import_diff_and_rollback_work_on_the_data_folder(
    tmp_path: Path, incoming: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    assert run(data, "import", str(incoming)) == 0
    assert run(data, "diff", "repair.en", "1", "2") == 0
    assert run(data, "rollback", "repair.en") == 0
    assert run(data, "activate", "repair.en@2") == 0
    assert run(data, "import", str(incoming)) == 0
    out = capsys.readouterr().out
    assert "imported repair.en@2\n" in out
    assert "no excuse" in out
    assert "in use: repair.en@1\nin use: repair.en@2\nnothing new\n" in out
    assert (data / "prompts/repair/en/active").read_text(encoding="utf-8") == "2\n"


def test_export_writes_what_import_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "export", str(tmp_path / "out")) == 0
    assert f"{len(TemplateStore().check())} versions" in capsys.readouterr().out
    assert run(tmp_path, "import", str(tmp_path / "out")) == 0
    assert capsys.readouterr().out == "nothing new\n"


def test_show_prints_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "show", "deck.en@1") == 0
    shown = capsys.readouterr().out
    assert shown == (LIBRARY / "deck" / "en" / "1.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("show", "nonsense"), "is no template: write persona_answer.fr"),
        (("show", "deck.de"), "is no template"),
        (("show", "deck.en@9"), "deck.en has no version 9"),
        (("activate", "deck.en"), "say which version"),
        (("rollback", "deck.en"), "is the oldest version"),
        (("import", "nowhere"), "nowhere is no folder"),
    ],
)
def test_what_cannot_be_done_is_said_on_one_line_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], reason: str
) -> None:
    assert run(tmp_path, *words) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert reason in told.err
    assert len(told.err.splitlines()) == 1


def test_an_unknown_action_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        run(tmp_path, "delete", "deck.en")
    assert caught.value.code == 2
