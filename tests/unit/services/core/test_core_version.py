"""One version."""

import tomllib
from pathlib import Path

from services.core.version import VERSION


def test_version_is_the_one_of_pyproject() -> None:
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == VERSION
