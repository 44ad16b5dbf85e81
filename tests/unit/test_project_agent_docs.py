"""docs/bring-your-own-agents.md is a program that runs; docs/manager.md has the figures in use."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from agents.cast.agent import EnhancedBaseAgent
from agents.manager.manager import MultiAgentManager
from agents.manager.scoring import TIE, WEIGHTS
from agents.roleplay.answering import MODEL_S
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.clock import FakeClock
from tests.fakes.optimizer import optimizer_on

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "bring-your-own-agents.md").read_text(encoding="utf-8")
MANAGER = (DOCS / "manager.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NEEDS_SERVICES = "open_services"


@pytest.fixture(scope="module")
def page() -> tuple[dict[str, Any], list[str]]:
    """What the page's blocks define, run one after the other, and what each one prints."""
    defined: dict[str, Any] = {}
    printed = []
    for block in BLOCKS:
        if NEEDS_SERVICES in block:
            continue
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(block, "bring-your-own-agents.md", "exec"), defined)  # noqa: S102
        printed.append(out.getvalue())
    return defined, printed


def test_the_program_prints_what_the_page_shows(page: tuple[dict[str, Any], list[str]]) -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert page[1][0] == shown


def test_the_own_step_and_the_own_chooser_decide(page: tuple[dict[str, Any], list[str]]) -> None:
    _, printed = page
    assert "[phase_rule] has the figures" in printed[1]
    last = printed[2].splitlines()[-1]
    assert last in PAGE
    assert last.startswith("model ('bo',)")


def test_the_own_judge_moves_moods(page: tuple[dict[str, Any], list[str]]) -> None:
    manager = page[0]["manager"]
    assert isinstance(manager, MultiAgentManager)
    trust = {mood.persona: mood.trust for mood in manager.scene.moods}
    assert trust["ada"] > trust["cleo"]


async def test_the_own_agent_speaks_by_its_own_template(
    page: tuple[dict[str, Any], list[str]], tmp_path: Path
) -> None:
    templates = page[0]["my_templates"](tmp_path)
    model = FakeChatModel(["It costs nothing."])
    critic = page[0]["Critic"]("critic", optimizer_on(model, FakeClock()), templates=templates)
    (message,) = critic.render_template("critic", text="All need it.")
    assert message.content.endswith("All need it.")
    assert isinstance(critic, EnhancedBaseAgent)
    assert await page[0]["Critic"].weakest(critic, "All need it.") == "It costs nothing."


def test_every_member_that_the_page_lists_exists(page: tuple[dict[str, Any], list[str]]) -> None:
    agent = page[0]["Critic"]("critic", optimizer_on(None, FakeClock()))
    rows = re.findall(r"^\| (`[^|]*) \|", PAGE, re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`(?:await )?([a-z_]+)", row)]
    manager = page[0]["manager"]
    assert len(names) > 15
    assert [one for one in names if not (hasattr(manager, one) or hasattr(agent, one))] == []


def test_the_table_of_terms_has_the_weights_in_use() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (-?\d\.\d+) \|", MANAGER, re.MULTILINE)
    assert {name: float(weight) for name, weight in rows} == dict(WEIGHTS)


def test_the_tie_and_the_models_time_are_those_in_use() -> None:
    assert f"no further apart than {TIE:g}" in MANAGER
    assert f"{MODEL_S:g} s after the person's last sound" in MANAGER
