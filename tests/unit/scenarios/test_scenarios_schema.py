"""The JSON Schema that editors use says what the models say."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from scenarios.shape import bounds_at, choices_at, fields_at, home_of, json_schema, node_at
from scenarios.yaml_reader import read
from tests.fakes.scene_file import SMALL_SCENE


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    return [as_json(one) for one in value] if isinstance(value, tuple) else value


def accepts(text: str) -> bool:
    validator = jsonschema.Draft202012Validator(json_schema())
    return bool(validator.is_valid(as_json(read(text, file="scene.yaml").value)))


def test_json_schema_is_itself_valid_and_accepts_the_scene() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert accepts(SMALL_SCENE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("language: fr", "language: es"),
        ("title: Le débat", "titel: Le débat"),
        ("pitch: 0.1", "pitch: 3"),
        ("{gender: male}", "{gender: mal}"),
        ("id: debat", "id: Débat"),
        ("schema: 1", "schema: 2"),
    ],
)
def test_json_schema_refuses_what_the_models_refuse(old: str, new: str) -> None:
    assert not accepts(SMALL_SCENE.replace(old, new))


def test_json_schema_takes_one_word_for_a_list_of_words() -> None:
    assert accepts(SMALL_SCENE.replace("after_s: 60", "heard: fret"))


def test_fields_choices_and_bounds_are_found_by_path() -> None:
    assert fields_at(("cast", 0, "voice")) == ("gender", "pitch", "pace", "engines")
    assert choices_at(("cast", 3, "voice", "gender")) == ("female", "male")
    assert choices_at(("schema",)) == ("1",)
    bounds = bounds_at(("phases", 0, "time_limit_s"))
    assert (bounds["minimum"], bounds["maximum"]) == (5, 7200)
    assert home_of("pitch", ("cast", 0)) == "voice.pitch"
    assert node_at(("cast", 0, "nowhere", 3)) == {}
    assert node_at(("cast", 0, "understudy", "phases", "fin", 0))["type"] == "string"
