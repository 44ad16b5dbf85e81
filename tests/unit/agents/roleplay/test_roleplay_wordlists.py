"""What a process reads before anybody waits for it."""

import subprocess
import sys

import pytest

FIRST_TURN = """
import tomllib
from random import Random
from agents.cast.guard import LineGuard
from agents.cast.prompts import compose
from agents.manager.manager import MultiAgentManager
from scenarios.catalogue import LIBRARY, Catalogue
{read}
def read(file):
    raise SystemExit(f"reads {{file.name}}")
scenes = Catalogue((LIBRARY,)).all()
tomllib.load = read
for scene in (one.scenario for one in scenes):
    manager = MultiAgentManager(scene, rng=Random(0))
    manager.commit(manager.begin(0.0), words=None, now_s=0.0)
    plan = manager.answer("Bonjour. Good morning.", 1.0)
    manager.commit(plan, words="Bonjour. Good morning.", now_s=1.0)
    for beat in plan.beats:
        compose(
            beat.persona, scenario=scene, memory=manager.memory, scene=manager.scene, beat=beat
        )
        LineGuard(beat.persona, scene).feed("Bonjour. Good morning.")
"""


@pytest.mark.parametrize(
    ("before", "reads"), [("import agents.roleplay.wordlists", False), ("", True)]
)
def test_a_first_turn_reads_no_word_list_that_was_not_read_ahead(before: str, reads: bool) -> None:
    played = subprocess.run(
        [sys.executable, "-c", FIRST_TURN.format(read=before)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("reads" in played.stderr) is reads
    assert (played.returncode != 0) is reads
