"""Folders of templates on disk: which files are versions, reading them, adding some.

Owns the layout `NAME/LANGUAGE/VERSION.yaml` with `NAME/LANGUAGE/active` beside, and the caution
that files from elsewhere need: no links, no large files, nothing half written.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from scenarios import source
from scenarios.errors import ScenarioErrors
from services.llm.prompts.template_file import MAX_BYTES
from services.llm.prompts.templates import TemplateError
from services.llm.request import Language

ACTIVE = "active"
LANGUAGES: tuple[Language, ...] = get_args(Language)
MAX_FILES = 1000

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VERSION = re.compile(r"[1-9][0-9]{0,5}")


def is_name(text: str) -> bool:
    """Whether it can be a template's name."""
    return _NAME.fullmatch(text) is not None


def versions_in(folder: Path) -> dict[int, Path]:
    """The files of a template's versions; none where there is no such folder."""
    if not folder.is_dir():
        return {}
    return {int(one.stem): one for one in folder.glob("*.yaml") if _VERSION.fullmatch(one.stem)}


def files_in(folder: Path) -> Iterator[tuple[str, Language, int]]:
    """The versions in a folder to be imported. Raises TemplateError for anything strange in it."""
    if not folder.is_dir():
        raise TemplateError(f"{folder} is no folder")
    seen = 0
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_symlink():
            raise TemplateError(f"{path}: links are not followed")
        if path.is_dir() or any(part.startswith(".") for part in parts):
            continue
        seen += 1
        if seen > MAX_FILES:
            raise TemplateError(f"{folder} holds more than {MAX_FILES} files")
        language = next((one for one in LANGUAGES if len(parts) == 3 and parts[1] == one), None)
        if language is None or not _NAME.fullmatch(parts[0]):
            raise TemplateError(f"{path} is no template: they are NAME/LANGUAGE/VERSION.yaml")
        if path.suffix == ".yaml" and _VERSION.fullmatch(path.stem):
            yield parts[0], language, int(path.stem)
        elif path.name != ACTIVE:
            raise TemplateError(f"{path} is no template: they are NAME/LANGUAGE/VERSION.yaml")


def pointed(pointer: Path, versions: tuple[int, ...]) -> int:
    """The version that an `active` file names. Raises TemplateError."""
    text = text_of(pointer).strip()
    if not _VERSION.fullmatch(text) or int(text) not in versions:
        known = ", ".join(map(str, versions))
        raise TemplateError(f"{pointer}:1:1: error: it must hold one of the versions {known}")
    return int(text)


def text_of(path: Path) -> str:
    """A file's text. Raises TemplateError for a link, a large file, or other bytes than UTF-8."""
    if path.is_symlink():
        raise TemplateError(f"{path}: links are not followed")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TemplateError(f"{path}:1:1: error: a template may have {MAX_BYTES // 1024} KB")
        return source.read(path, file=str(path))
    except ScenarioErrors as error:
        raise TemplateError(str(error)) from None
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror or 'it cannot be read'}") from None


def add(path: Path, text: str) -> None:
    """A new file. Raises TemplateError when it is there with other text."""
    if path.exists():
        if text_of(path) != text:
            raise TemplateError(f"{path} is there with another text, and versions never change")
        return
    write(path, text)


def write(path: Path, text: str) -> None:
    """The file, whole at any moment."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror or 'it cannot be written'}") from None
