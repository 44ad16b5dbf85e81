"""docs/authoring.md says what is so: its scene is clean, its tables are whole."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.manager import temperament
from agents.manager.airtime import SHARES_FROM_WORDS
from agents.manager.beats import BeatKind, Stance
from agents.manager.cutting import MONOLOGUE_S
from scenarios.lint.cast import ENGINES
from scenarios.loader import problems_in
from scenarios.schema import Temper
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


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


DIALS: list[tuple[str, Callable[[Temper], str]]] = [
    ("patience", lambda one: f"{temperament.cuts_in_after_s(one):.0f} s"),
    ("patience", lambda one: f"{temperament.waits_s(one):g} s"),
    ("patience", lambda one: f"{temperament.base_impatience(one):g}"),
    ("interruption", lambda one: f"{temperament.cuts_in_after_s(one):.0f} s"),
    ("interruption", lambda one: _percent(temperament.reclaims(one))),
    ("talkativeness", lambda one: _percent(temperament.follow_up_share(one))),
    ("talkativeness", lambda one: f"{temperament.max_words(one, BeatKind.ANSWER)} words"),
    ("hostility", lambda one: f"{temperament.base_trust(one):g}"),
    ("hostility", lambda one: _percent(temperament.stances(one)[Stance.OBJECT])),
]


def test_table_of_dials_says_what_they_do() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| (`\w+` )?\| ", line)]
    table = rows[rows.index(next(one for one in rows if "`patience`" in one)) :]
    for row, (dial, told) in zip(table, DIALS, strict=False):
        cells = [told(Temper(**{dial: value})) for value in (0.0, 0.5, 1.0)]
        assert row.endswith(f"| {' | '.join(cells)} |"), (dial, cells)


def test_page_names_the_default_temper_and_the_limits_of_a_monologue() -> None:
    defaults = [f"{name} {value:g}" for name, value in Temper().model_dump().items()]
    assert f"{', '.join(defaults[:3])} and {defaults[3]}" in PAGE
    assert MONOLOGUE_S == 90.0
    assert "cuts in after 90 seconds" in PAGE
    assert f"once the cast has said {SHARES_FROM_WORDS} words" in PAGE
