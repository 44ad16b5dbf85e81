"""docs/authoring.md says what is so: its scene is clean, its tables are whole."""

import re
from pathlib import Path
from typing import Any

import pytest

from scenarios.lint.cast import ENGINES
from scenarios.loader import problems_in
from scenarios.shape import json_schema
from scenarios.yaml_reader import read

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
CODE = re.compile(r'"([EW]-[A-Z-]+)"')


def codes_in_use() -> set[str]:
    files = (ROOT / "scenarios").rglob("*.py")
    return {code for file in files for code in CODE.findall(file.read_text(encoding="utf-8"))}


def fields_of(definition: dict[str, Any]) -> set[str]:
    return set(definition.get("properties", {}))


def test_first_scene_of_the_page_is_clean(tmp_path: Path) -> None:
    folder = tmp_path / "chez-le-banquier"
    folder.mkdir()
    (folder / "scenario.yaml").write_text(BLOCKS[0], encoding="utf-8")
    assert problems_in(folder) == []


@pytest.mark.parametrize("block", BLOCKS)
def test_each_example_is_read(block: str) -> None:
    assert read(block, file="authoring.md").problems == ()


def test_table_holds_each_code_that_lint_can_give_and_no_other() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| `[EW]-", line)]
    listed = re.findall(r"`([EW]-[A-Z-]+)`", "\n".join(row.split("|")[1] for row in rows))
    assert len(listed) == len(set(listed))
    assert set(listed) == codes_in_use()


def test_page_names_each_field_and_each_engine() -> None:
    schema: Any = json_schema()
    fields = fields_of(schema).union(*(fields_of(one) for one in schema["$defs"].values()))
    named = set(re.findall(r"[a-z_]+", PAGE))
    assert fields - named == set()
    assert set(ENGINES) - named == set()


def test_example_message_is_what_lint_says(tmp_path: Path) -> None:
    folder = tmp_path / "chez-le-banquier"
    folder.mkdir()
    spoilt = BLOCKS[0].replace(
        "    voice: {gender: female", "    pitch: 1\n    voice: {gender: female"
    )
    (folder / "scenario.yaml").write_text(spoilt, encoding="utf-8")
    (problem,) = problems_in(folder)
    assert str(problem).partition(": ")[2] in PAGE
