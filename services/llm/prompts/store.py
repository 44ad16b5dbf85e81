"""Where templates stand: the shipped library, and an operator's folder that is asked first.

A version is a file `NAME/LANGUAGE/VERSION.yaml` and never changes; `NAME/LANGUAGE/active` holds the
number that is used, without it the highest is. Only the operator's folder is ever written to.
"""

from collections.abc import Sequence
from difflib import unified_diff
from functools import cache
from pathlib import Path

from scenarios.errors import nearest
from services.llm.prompts.folder import (
    ACTIVE,
    LANGUAGES,
    add,
    files_in,
    is_name,
    pointed,
    text_of,
    versions_in,
    write,
)
from services.llm.prompts.template_file import parse
from services.llm.prompts.templates import Template, TemplateError
from services.llm.request import Language

LIBRARY = Path(__file__).with_name("library")


def templates_folder(data_dir: Path) -> Path:
    """Where an operator's versions stand."""
    return data_dir / "prompts"


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
        return tuple(one for one in LANGUAGES if self._found(name, one))

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
        return pointed(pointer, versions)

    def activate(self, name: str, language: Language, version: int) -> Template:
        """Uses that version from now on, in what starts from now on."""
        template = self.get(name, language, version)
        write(self._folder() / name / language / ACTIVE, f"{version}\n")
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
                    add(home / f"{version}.yaml", template.text)
                    refs.append(template.ref)
                write(home / ACTIVE, f"{self.active(name, language)}\n")
        return tuple(refs)

    def import_(self, folder: Path) -> tuple[str, ...]:
        """Takes over the versions of such a folder, all or none; the refs that are new.

        The folder's `active` files are obeyed; without one its highest new version becomes active.
        Raises TemplateError, with file and line, for whatever does not fit.
        """
        home, files = self._folder(), list(files_in(folder))
        incoming = TemplateStore(folder, library=self._library)
        fresh = [
            incoming.get(name, language, version)
            for name, language, version in files
            if not self._stands(incoming.get(name, language, version))
        ]
        groups = {(name, language) for name, language, _ in files}
        chosen = {
            (name, language): incoming.active(name, language)
            for name, language in groups
            if (folder / name / language / ACTIVE).is_file()
        }
        for one in fresh:
            add(home / one.name / one.language / f"{one.version}.yaml", one.text)
            self._read.pop((one.name, one.language, one.version), None)
        highest: dict[tuple[str, Language], int] = {}
        for one in fresh:
            key = (one.name, one.language)
            highest[key] = max(one.version, highest.get(key, 0))
        for (name, language), version in (highest | chosen).items():
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
            text_of(path),
            file=str(path),
            name=name,
            language=language,
            version=version,
            base=base,
        )
        if path.is_relative_to(self._library):
            return template
        numbers = sorted(versions_in(self._library / name / language), reverse=True)
        _expect_same_use(template, [self._shipped().get(name, language, n) for n in numbers], path)
        return template

    def _shipped(self) -> "TemplateStore":
        return self if self._operator is None else TemplateStore(library=self._library)

    def _found(self, name: str, language: Language) -> dict[int, Path]:
        """The files of its versions; the operator's before a shipped one of the same number."""
        if not is_name(name) or language not in LANGUAGES:
            return {}
        found = versions_in(self._library / name / language)
        if found and self._operator is not None:
            found |= versions_in(self._operator / name / language)
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


def _expect_same_use(template: Template, shipped: Sequence[Template], path: Path) -> None:
    """An own version takes what the program gives, and quotes what others wrote.

    `shipped` newest first: a version that was made after an older one may stay as it is, because
    whoever fills in a template leaves out what it does not ask for.
    """
    wrong = [_misuse(template, one) for one in shipped]
    if all(wrong):
        raise TemplateError(f"{path}:1:1: error: {wrong[0]}")


def _misuse(template: Template, shipped: Template) -> str:
    """What is used otherwise than in the shipped version; "" for nothing."""
    wrong = sorted(
        f"${name}"
        for name in shipped.variables.keys() | template.variables.keys()
        if _use(template, name) != _use(shipped, name)
    )
    if wrong:
        return f"{', '.join(wrong)} must be declared as in {shipped.ref} (name, kind, quote, form)"
    if template.words.keys() != shipped.words.keys():
        return f"`words` must have the keys of {shipped.ref}"
    if template.task != shipped.task:
        return f"`task` must be that of {shipped.ref}, {shipped.task}"
    return ""


def _use(template: Template, name: str) -> tuple[str, bool, str] | None:
    one = template.variables.get(name)
    return None if one is None else (one.kind, one.quote is not None, one.form)
