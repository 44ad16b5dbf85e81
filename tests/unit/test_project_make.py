"""The Makefile keeps what CONTRACTS promises, and the scripts stay short."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMISED = {"run", "test", "check", "bench", "setup", "help"}
LONGEST_SCRIPT = 25


def make(*arguments: str) -> str:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_help_lists_every_target_a_person_calls() -> None:
    listed = set(re.findall(r"^  make (\w+) ", make("help"), re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert listed >= PROMISED
    assert set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)) == listed


def test_make_alone_shows_the_help() -> None:
    assert make() == make("help")


def test_a_set_up_without_a_livekit_url_brings_a_server() -> None:
    assert "scripts/livekit.sh" in make("--dry-run", "setup-run")
    assert "scripts/livekit.sh" not in make("--dry-run", "setup-run", "LIVEKIT_URL=ws://host:7880")


def test_llama_is_built_for_tests_and_for_those_who_name_a_model() -> None:
    without = make("--dry-run", "setup-run", "LLAMA=llama-stamp")
    model = make("--dry-run", "setup-run", "LLAMA=llama-stamp", "LLAMA_MODEL_PATH=x.gguf")
    assert "scripts/llama.sh" not in without
    assert "scripts/llama.sh" in model
    assert "scripts/llama.sh" in make("--dry-run", "setup-test", "LLAMA=llama-stamp")


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").glob("*.sh")), ids=lambda p: p.name)
def test_each_script_is_short_runs_and_stops_at_its_first_error(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    assert len(text.splitlines()) <= LONGEST_SCRIPT
    assert re.search(r"^set -eu", text, re.MULTILINE)


def test_ci_calls_only_make_targets() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line.split() for line in lines if line and not line.startswith("#")]
    called = [words for words in commands if words[0] not in {"set", "cd", "export"}]
    assert [words[0] for words in called] == ["make"] * len(called)
    assert {words[1] for words in called} == {"check", "test"}
