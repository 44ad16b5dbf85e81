"""Where templates stand: the shipped library, and an operator's folder that is asked first.

A version is a file `NAME/LANGUAGE/VERSION.yaml` and never changes; `NAME/LANGUAGE/active` holds the
number that is used, without it the highest is. Only the operator's folder is ever written to.
"""

import re
from collections.abc import Iterator
from difflib import unified_diff
from functools import cache
from pathlib import Path
from typing import get_args

from scenarios import source
from scenarios.errors import ScenarioErrors, nearest
from services.llm.prompts.template_file import MAX_BYTES, parse
from services.llm.prompts.templates import Template, TemplateError
from services.llm.request import Language

LIBRARY = Path(__file__).with_name("library")
ACTIVE = "active"
MAX_FILES = 1000

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VERSION = re.compile(r"[1-9][0-9]{0,5}")
_LANGUAGES: tuple[Language, ...] = get_args(Language)


class TemplateStore:
    """Templates by name, language and version. What was read once stays as it was read.

    So a session keeps the versions that it began with, whatever is activated meanwhile.
    """

    def __init__(self, operator: Path | None = None, *, library: Path = LIBRARY) -> None:
        self._operator = operator
        self._library = library
        self._read: dict[tuple[str, Language, int], Template] = {}
        self._chosen: dict[tuple[str, Language], Template] = {}

    def get(self, name: str, language: Language, version: int | None = None) -> Template:
        """That version, or the active one. Raises TemplateError."""
        if version is not None:
            return self._version(name, language, version)
        chosen = self._chosen.get((name, language))
        if chosen is None:
            chosen = self._version(name, language, self.active(name, language))
            self._chosen[name, language] = chosen
        return chosen

    def names(self) -> tuple[str, ...]:
        """Every template's name. They are the program's: an operator adds versions only."""
        return tuple(sorted(one.name for one in self._library.iterdir() if one.is_dir()))

    def languages(self, name: str) -> tuple[Language, ...]:
        """The languages that the template exists in."""
        return tuple(one for one in _LANGUAGES if self._found(name, one))

    def versions(self, name: str, language: Language) -> tuple[int, ...]:
        """Its versions, lowest first. Raises TemplateError when there is none."""
        found = self._found(name, language)
        if not found:
            hint = nearest(name, self.names())
            raise TemplateError(f"there is no template {name[:40]}.{language}. {hint}".strip())
        return tuple(sorted(found))

    def active(self, name: str, language: Language) -> int:
        """The version in use now: the pointer's, else the highest."""
        versions = self.versions(name, language)
        pointer = self._pointer(name, language)
        if pointer is None or not pointer.is_file():
            return versions[-1]
        return _pointed(pointer, versions)

    def activate(self, name: str, language: Language, version: int) -> Template:
        """Uses that version from now on, in what starts from now on."""
        template = self.get(name, language, version)
        _replace(self._folder() / name / language / ACTIVE, f"{version}\n")
        self._chosen[name, language] = template
        return template

    def rollback(self, name: str, language: Language) -> Template:
        """Uses the version before the active one. Raises TemplateError when there is none."""
        now = self.active(name, language)
        older = [one for one in self.versions(name, language) if one < now]
        if not older:
            raise TemplateError(f"{name}.{language}@{now} is the oldest version: nothing is older")
        return self.activate(name, language, older[-1])

    def diff(self, name: str, language: Language, a: int, b: int) -> str:
        """What changed from version a to version b, as a unified diff; "" for nothing."""
        old, new = self.get(name, language, a), self.get(name, language, b)
        lines = unified_diff(
            old.text.splitlines(keepends=True), new.text.splitlines(keepends=True), old.ref, new.ref
        )
        return "".join(lines)

    def export(self, folder: Path) -> tuple[str, ...]:
        """Writes every version and which are active; the refs. A file of other text stays."""
        refs: list[str] = []
        for name in self.names():
            for language in self.languages(name):
                home = folder / name / language
                for version in self.versions(name, language):
                    template = self.get(name, language, version)
                    _add(home / f"{version}.yaml", template.text)
                    refs.append(template.ref)
                _replace(home / ACTIVE, f"{self.active(name, language)}\n")
        return tuple(refs)

    def import_(self, folder: Path) -> tuple[str, ...]:
        """Takes over the versions of such a folder, all or none; the refs that are new.

        The folder's `active` files are obeyed; without one its highest new version becomes active.
        Raises TemplateError, with file and line, for whatever does not fit.
        """
        home, files = self._folder(), list(_files(folder))
        incoming = TemplateStore(folder, library=self._library)
        fresh = [
            incoming.get(name, language, version)
            for name, language, version in files
            if not self._stands(incoming.get(name, language, version))
        ]
        groups = {(name, language) for name, language, _ in files}
        pointed = {
            (name, language): incoming.active(name, language)
            for name, language in groups
            if (folder / name / language / ACTIVE).is_file()
        }
        for one in fresh:
            _add(home / one.name / one.language / f"{one.version}.yaml", one.text)
            self._read.pop((one.name, one.language, one.version), None)
        highest = {(one.name, one.language): one.version for one in fresh}
        for (name, language), version in (highest | pointed).items():
            if version != self.active(name, language):
                self.activate(name, language, version)
        return tuple(one.ref for one in fresh)

    def check(self) -> tuple[Template, ...]:
        """Reads every version there is. Raises TemplateError for the first that is wrong."""
        return tuple(
            self.get(name, language, version)
            for name in self.names()
            for language in self.languages(name)
            for version in self.versions(name, language)
        )

    def _version(self, name: str, language: Language, version: int) -> Template:
        key = (name, language, version)
        template = self._read.get(key)
        if template is None:
            template = self._load(name, language, version)
            self._read[key] = template
        return template

    def _load(self, name: str, language: Language, version: int) -> Template:
        path = self._found(name, language).get(version)
        if path is None:
            known = ", ".join(map(str, self.versions(name, language)))
            raise TemplateError(f"{name}.{language} has no version {version}. Known here: {known}.")

        def base(above: str, number: int) -> Template:
            return self._version(above, language, number)

        template = parse(
            _text(path),
            file=str(path),
            name=name,
            language=language,
            version=version,
            base=base,
        )
        if path.is_relative_to(self._library):
            return template
        shipped = max(_numbered(self._library / name / language))
        _expect_same_use(template, self._shipped().get(name, language, shipped), path)
        return template

    def _shipped(self) -> "TemplateStore":
        return self if self._operator is None else TemplateStore(library=self._library)

    def _found(self, name: str, language: Language) -> dict[int, Path]:
        """The files of its versions; the operator's before a shipped one of the same number."""
        if not _NAME.fullmatch(name) or language not in _LANGUAGES:
            return {}
        found = _numbered(self._library / name / language)
        if found and self._operator is not None:
            found |= _numbered(self._operator / name / language)
        return found

    def _stands(self, template: Template) -> bool:
        """Whether that very version is here. Raises TemplateError when another has its number."""
        known = self._found(template.name, template.language)
        if template.version not in known:
            return False
        if self.get(template.name, template.language, template.version).text == template.text:
            return True
        raise TemplateError(
            f"{template.ref} is known with another text, and versions never change. "
            f"Give yours the number {max(known) + 1}."
        )

    def _folder(self) -> Path:
        if self._operator is None:
            raise TemplateError("the shipped templates are read only. Give a data folder.")
        return self._operator

    def _pointer(self, name: str, language: Language) -> Path | None:
        return None if self._operator is None else self._operator / name / language / ACTIVE


@cache
def shipped() -> TemplateStore:
    """The library, read once a process."""
    return TemplateStore()


def _expect_same_use(template: Template, shipped: Template, path: Path) -> None:
    """An own version takes what the program gives, and quotes what others wrote."""
    wrong = sorted(
        f"${name}"
        for name in shipped.variables.keys() | template.variables.keys()
        if _use(template, name) != _use(shipped, name)
    )
    if wrong:
        cause = f"{', '.join(wrong)} must be declared as in {shipped.ref} (name, kind, quote, form)"
    elif template.words.keys() != shipped.words.keys():
        cause = f"`words` must have the keys of {shipped.ref}"
    elif template.task != shipped.task:
        cause = f"`task` must be that of {shipped.ref}, {shipped.task}"
    else:
        return
    raise TemplateError(f"{path}:1:1: error: {cause}")


def _use(template: Template, name: str) -> tuple[str, bool, str] | None:
    one = template.variables.get(name)
    return None if one is None else (one.kind, one.quote is not None, one.form)


def _numbered(folder: Path) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    return {int(one.stem): one for one in folder.glob("*.yaml") if _VERSION.fullmatch(one.stem)}


def _files(folder: Path) -> Iterator[tuple[str, Language, int]]:
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
        language = next((one for one in _LANGUAGES if len(parts) == 3 and parts[1] == one), None)
        if language is None or not _NAME.fullmatch(parts[0]):
            raise TemplateError(f"{path} is no template: they are NAME/LANGUAGE/VERSION.yaml")
        if path.suffix == ".yaml" and _VERSION.fullmatch(path.stem):
            yield parts[0], language, int(path.stem)
        elif path.name != ACTIVE:
            raise TemplateError(f"{path} is no template: they are NAME/LANGUAGE/VERSION.yaml")


def _pointed(pointer: Path, versions: tuple[int, ...]) -> int:
    text = _text(pointer).strip()
    if not _VERSION.fullmatch(text) or int(text) not in versions:
        known = ", ".join(map(str, versions))
        raise TemplateError(f"{pointer}:1:1: error: it must hold one of the versions {known}")
    return int(text)


def _text(path: Path) -> str:
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


def _add(path: Path, text: str) -> None:
    """A new file. Raises TemplateError when it is there with other text."""
    if path.exists():
        if _text(path) != text:
            raise TemplateError(f"{path} is there with another text, and versions never change")
        return
    _replace(path, text)


def _replace(path: Path, text: str) -> None:
    """The file, whole at any moment."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror or 'it cannot be written'}") from None
