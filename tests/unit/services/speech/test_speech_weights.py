"""Packaged models: joined once, checked against their digest, whole or not there."""

import hashlib
import threading
from pathlib import Path

import pytest

from services.core.errors import NotFound
from services.speech.weights import (
    KOKORO,
    WHISPER_BASE,
    PackedFile,
    PackedModel,
    assemble,
    check_folder,
    is_packaged,
)

WHOLE = b"first half, second half"
MODEL = PackedModel(
    name="tiny",
    files=(
        PackedFile(
            name="model.bin",
            parts=("one/a.part1", "two/a.part2"),
            sha256=hashlib.sha256(WHOLE).hexdigest(),
        ),
    ),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A site-packages folder with both parts."""
    for name, data in (("one/a.part1", WHOLE[:11]), ("two/a.part2", WHOLE[11:])):
        file = tmp_path / "packages" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
    return tmp_path / "packages"


def test_parts_are_joined_in_order(root: Path, tmp_path: Path) -> None:
    folder = assemble(MODEL, tmp_path / "models", root=root)
    assert (folder / "model.bin").read_bytes() == WHOLE


def test_a_second_start_reads_no_part(root: Path, tmp_path: Path) -> None:
    folder = assemble(MODEL, tmp_path / "models", root=root)
    (root / "one/a.part1").unlink()
    assert assemble(MODEL, tmp_path / "models", root=root) == folder


def test_a_changed_part_is_refused_and_leaves_no_folder(root: Path, tmp_path: Path) -> None:
    (root / "two/a.part2").write_bytes(b"something else")
    with pytest.raises(NotFound, match="unexpected checksum"):
        assemble(MODEL, tmp_path / "models", root=root)
    assert [path for path in (tmp_path / "models").iterdir() if path.is_dir()] == []


def test_a_missing_part_is_named(root: Path, tmp_path: Path) -> None:
    (root / "two/a.part2").unlink()
    assert not is_packaged(MODEL, root=root)
    with pytest.raises(NotFound, match=r"two/a\.part2 is missing"):
        assemble(MODEL, tmp_path / "models", root=root)


def test_several_at_once_get_one_whole_model(root: Path, tmp_path: Path) -> None:
    found: list[bytes] = []

    def build() -> None:
        folder = assemble(MODEL, tmp_path / "models", root=root)
        found.append((folder / "model.bin").read_bytes())

    threads = [threading.Thread(target=build) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [WHOLE] * 6


def test_a_folder_of_ones_own_is_checked_file_by_file(tmp_path: Path) -> None:
    message = f"model folder {tmp_path} is missing model.bin: set WHISPER_MODEL_PATH"
    with pytest.raises(NotFound, match=message):
        check_folder(tmp_path, needs=("model.bin",), variable="WHISPER_MODEL_PATH")


@pytest.mark.parametrize("model", [WHISPER_BASE, KOKORO])
def test_the_packaged_models_are_installed(model: PackedModel) -> None:
    assert is_packaged(model)
