"""A valid scene in a folder of its own for each test."""

from pathlib import Path

import pytest

from tests.fakes.scene_file import SceneFile


@pytest.fixture
def scene(tmp_path: Path) -> SceneFile:
    return SceneFile(tmp_path)
