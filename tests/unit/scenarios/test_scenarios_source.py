"""Bytes into text: failures.md row Y1, sizes and encodings."""

import os
from pathlib import Path

import pytest

from scenarios.errors import Problem, ScenarioErrors
from scenarios.source import MAX_BYTES, decoded, end_of, read


def refused(data: bytes) -> Problem:
    with pytest.raises(ScenarioErrors) as caught:
        decoded(data, file="scene.yaml")
    (problem,) = caught.value.problems
    return problem


def test_y1_ten_megabytes_are_refused_at_the_line_where_the_limit_lies(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    with path.open("wb") as handle:
        handle.write(b"# x\n" * MAX_BYTES)
        handle.truncate(10_000_000)
    with pytest.raises(ScenarioErrors) as caught:
        read(path, file="scene.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == ("E-SIZE", MAX_BYTES // 4 + 1)


def test_file_of_exactly_the_limit_is_read() -> None:
    assert len(decoded(b"#" * MAX_BYTES, file="scene.yaml")) == MAX_BYTES


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
    ],
)
def test_y1_wide_encodings_are_named(encoding: str, named: str) -> None:
    problem = refused("schema: 1\nid: debat\n".encode(encoding))
    assert (problem.code, problem.line) == ("E-ENCODING", 1)
    assert named in problem.cause
    assert "UTF-8" in problem.hint


def test_y1_latin_1_is_refused_at_the_letter_itself() -> None:
    problem = refused("schema: 1\ntitle: Le débat\n".encode("latin-1"))
    assert (problem.code, problem.line, problem.column) == ("E-ENCODING", 2, 12)
    assert "0xE9" in problem.cause
    assert "é" in problem.cause


def test_columns_are_characters_not_bytes() -> None:
    problem = refused("title: été ".encode() + b"\xff")
    assert problem.column == 12


def test_y1_utf_8_byte_order_mark_is_dropped() -> None:
    assert decoded(b"\xef\xbb\xbfid: a", file="scene.yaml") == "id: a"


def test_single_nul_byte_is_a_character_problem() -> None:
    problem = refused(b"schema: 1\nid: a\0b\nlanguage: fr and more text\n")
    assert (problem.code, problem.line, problem.column) == ("E-CHARACTER", 2, 6)


def test_missing_file_folder_and_pipe_are_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path / "none.yaml", tmp_path, pipe):
        with pytest.raises(ScenarioErrors) as caught:
            read(path, file=str(path))
        assert caught.value.problems[0].code == "E-READ"


@pytest.mark.parametrize(
    ("text", "place"),
    [("", (1, 1)), ("ab", (1, 3)), ("a\r\nb", (2, 2)), ("a\rb\n", (3, 1))],
)
def test_place_after_a_text_counts_each_kind_of_line_end(text: str, place: tuple[int, int]) -> None:
    assert end_of(text) == place
