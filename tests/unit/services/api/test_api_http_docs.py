"""What docs/http.md says to send is understood, what it shows is an answer, its codes are ours."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from services.api.debate import AT_ONCE
from services.api.debate_view import DebateRequest, DebateView
from services.api.memory import MemoryRequest, MemoryView
from services.debrief.analysis import Kind
from services.llm.faults import FAULTS, OTHER

ROOT = Path(__file__).parents[4]
DOC = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
CALLS = re.findall(r"curl -sN? BASE(/\S+) .*?-d '(.*?)'", DOC, re.DOTALL)
ANSWERS = re.findall(r"```json\n(.*?)\n```", DOC, re.DOTALL)
CODES = re.findall(r"`([a-z]+(?:_[a-z]+)+)`(?=[^|]*\| \d{3} \|)", DOC)
ASKED: dict[str, type[DebateRequest | MemoryRequest]] = {
    "/api/debate": DebateRequest,
    "/api/memory/analyze": MemoryRequest,
}


@pytest.mark.parametrize(("path", "body"), CALLS)
def test_a_documented_request_is_understood(path: str, body: str) -> None:
    read = ASKED[path].model_validate_json(body).model_dump(by_alias=True, exclude_unset=True)
    assert read.keys() == json.loads(body).keys()


@pytest.mark.parametrize(
    ("shown", "shape"),
    list(zip(ANSWERS, (DebateView, MemoryView), strict=True)),
    ids=("debate", "memory"),
)
def test_a_documented_answer_is_one(shown: str, shape: type[DebateView | MemoryView]) -> None:
    answer = shape.model_validate_json(shown)
    assert answer.model_dump(mode="json", by_alias=True).keys() == json.loads(shown).keys()


def test_the_documented_stream_has_every_kind_of_message() -> None:
    kinds = re.findall(r"^event: (\w+)\ndata: (\{.*\})$", DOC, re.MULTILINE)
    assert [kind for kind, _ in kinds] == ["round", "line", "line", "synthesis", "done"]
    assert all(isinstance(json.loads(data), dict) for _, data in kinds)


def test_every_code_of_the_two_calls_is_one_of_ours() -> None:
    folders = (ROOT / "services" / "api", ROOT / "services" / "sessions")
    source = "".join(path.read_text() for folder in folders for path in folder.glob("*.py"))
    assert len(CODES) > 10
    assert [code for code in CODES if f'"{code}"' not in source] == []


def test_every_word_for_a_line_that_failed_is_told_and_no_other() -> None:
    table = DOC.partition("### Why a line is its author's")[2].partition("## ")[0]
    told = set(re.findall(r"`([a-z]+(?:_[0-9]+)?)`", table))
    statuses = {word for word in FAULTS if word.startswith("status_")}
    assert told - statuses - {"unfit", "echo", OTHER} == FAULTS - statuses


def test_kinds_and_limits_are_those_in_use() -> None:
    kinds = ", ".join(f"`{kind}`" for kind in get_args(Kind))
    assert f"one of {kinds}" in DOC
    assert AT_ONCE == 3
    assert "three of your debates are running" in DOC
