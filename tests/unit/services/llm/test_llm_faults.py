"""The words for what went wrong are a closed list: whatever the sources produce is on it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.llm.faults import FAULTS, OTHER, STATUSES, fault_label

ROOT = Path(__file__).parents[4] / "services"
PRODUCERS = (
    "core/errors.py",
    "llm/booking.py",
    "llm/call.py",
    "llm/structured.py",
    "llm/ledger",
    "llm/plan",
    "adapters/llama",
    "adapters/openai_chat",
)
NAMES = frozenset({"code", "fault"})
TELLERS = frozenset({"_settle", "leave", "leave_all", "note"})
"""Methods of `plan` that take a fault among their arguments."""


def strings(node: ast.AST | None) -> Iterator[str]:
    """Texts that an expression may come to; what it compares with is none of them."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from (*strings(node.body), *strings(node.orelse))
        case ast.BoolOp():
            yield from (text for value in node.values for text in strings(value))
        case ast.Tuple():
            yield from (text for value in node.elts for text in strings(value))


def name_of(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def named(target: ast.AST) -> bool:
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return any(name_of(part) in NAMES for part in parts)


def produced_by(node: ast.AST) -> Iterator[str]:
    """Faults that one statement or expression makes."""
    match node:
        case ast.Call():
            yield from (t for k in node.keywords if k.arg in NAMES for t in strings(k.value))
            called = name_of(node.func)
            if called in TELLERS or (
                called == "append"
                and isinstance(node.func, ast.Attribute)
                and name_of(node.func.value) == "left_out"
            ):
                yield from (text for one in node.args for text in strings(one))
        case ast.Assign() if any(map(named, node.targets)):
            yield from strings(node.value)
        case ast.AnnAssign() if named(node.target):
            yield from strings(node.value)
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            yield from (t for key, one in pairs if "fault" in strings(key) for t in strings(one))
        case ast.AsyncFunctionDef(name="_listen"):
            ends = (one for one in ast.walk(node) if isinstance(one, ast.Return))
            yield from (text for one in ends for text in strings(one.value))
        case ast.arguments():
            defaults = zip(node.kwonlyargs, node.kw_defaults, strict=True)
            yield from (t for arg, one in defaults if arg.arg in NAMES for t in strings(one))


def produced() -> set[str]:
    files = [
        file
        for place in PRODUCERS
        for file in (
            [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).glob("**/*.py"))
        )
    ]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    return {text for tree in trees for node in ast.walk(tree) for text in produced_by(node)}


def test_the_list_holds_what_the_sources_produce_and_nothing_else() -> None:
    assert produced() == FAULTS - {f"status_{status}" for status in STATUSES}


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("open", "open"),
        ("resting", "resting"),
        ("budget:user/day", "budget"),
        ("status_503", "status_503"),
        ("status_599", OTHER),
        ("what a person said", OTHER),
    ],
)
def test_a_label_is_a_word_of_the_list_or_other(word: str, label: str) -> None:
    assert fault_label(word) == label
