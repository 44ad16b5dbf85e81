"""What the documents say is there: links, make targets, modules; cheap commands are run."""

import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from services.llm.models.catalogue import load_models

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CHEAP = ("lint", "describe", "schema")
LONGEST_CARD = 70


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def commands() -> list[str]:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    blocks = re.findall(r"```(?:sh|bash)\n(.*?)```", text, re.DOTALL)
    return [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]


def is_cheap(command: str) -> bool:
    words = command.split()
    return len(words) > 3 and words[1:3] == ["-m", "scenarios"] and words[3] in CHEAP


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = re.findall(r"`make ([a-z]+)`", page.read_text(encoding="utf-8"))
    assert set(named) <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_module_that_is_run_exists(page: Path) -> None:
    ours = r"python -m ((?:services|scenarios|scripts|agents|bench)[\w.]*)"
    named = re.findall(ours, page.read_text(encoding="utf-8"))
    assert [module for module in named if find_spec(module) is None] == []


def test_some_commands_are_cheap_enough_to_run() -> None:
    assert any(is_cheap(command) for command in commands())


@pytest.mark.parametrize("command", [c for c in dict.fromkeys(commands()) if is_cheap(c)])
def test_cheap_commands_do_what_the_page_says(command: str) -> None:
    words = shlex.split(command)
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_models_file_that_is_shown_loads(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    models = next(block for block in shown if block.startswith("schema:"))
    prices = next(block for block in shown if block.lstrip().startswith("prices:"))
    file = tmp_path / "models.yaml"
    file.write_text(models.replace("    shutdown:", f"{prices}    shutdown:"), encoding="utf-8")
    (row,) = load_models(file).specs["openai/gpt-6-luna"].prices
    assert (row.rates.currency, row.rates.input_nano) == ("EUR", 150_000_000)


def test_every_event_that_operators_are_told_of_is_logged_or_counted() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("## What the log says")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    events = [event for row in rows for event in re.findall(r"`([a-z_]+\.[a-z_]+)`", row)]
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py")]
    assert len(events) > 20
    assert [event for event in events if not any(f'"{event}"' in one for one in code)] == []


@pytest.mark.parametrize("card", sorted((ROOT / "docs" / "lifecycles").glob("*.md")), ids=name_of)
def test_a_lifecycle_fits_on_one_card(card: Path) -> None:
    assert len(card.read_text(encoding="utf-8").splitlines()) <= LONGEST_CARD
