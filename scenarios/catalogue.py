"""The scenes that can be played now, read again when their files change.

Owns which folders count as scenes and what stays on offer while an author is in the middle of an
edit: the last good version. A running session does not come here: it has pinned its text.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from scenarios.errors import Problem, ScenarioErrors, UnknownScenario
from scenarios.loader import FILE_NAME, Loaded, load

LIBRARY: Final = Path(__file__).resolve().parent / "library"
_MAX_LEVELS: Final = 3
_MAX_WATCHED: Final = 200

_Stamp = tuple[tuple[str, int, int, int], ...]
"""(path, inode, size in bytes, mtime in ns) of the files in and under a scene's folder."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Entry:
    """What is known of one scenario file."""

    stamp: _Stamp
    good: Loaded | None = None
    problems: tuple[Problem, ...] = ()


class Catalogue:
    """The scenes of some folders, the first folder winning where two have one id.

    Each call looks at the files' times and reads what changed: about 1 ms for five scenes when
    nothing did. A scene goes when its folder goes. Safe to share between threads.
    """

    def __init__(self, folders: Sequence[Path], *, default: str | None = None) -> None:
        self._folders = tuple(folders)
        self._default = default
        self._entries: dict[Path, _Entry] = {}
        self._lock = threading.Lock()

    def ids(self) -> tuple[str, ...]:
        """Ids of all scenes: folder by folder, by name in each."""
        return tuple(self._current())

    def get(self, id: str) -> Loaded:
        """The scene of that id, in its last good version. Raises: UnknownScenario.

        Reads no other: a scene bears the name of its folder.
        """
        scenes = self._current(id)
        if id not in scenes:
            raise UnknownScenario(id, self.ids())
        return scenes[id]

    def all(self) -> tuple[Loaded, ...]:
        """All scenes, in the order of `ids`."""
        return tuple(self._current().values())

    def default(self) -> Loaded:
        """The scene for those who asked for none: always the same one while it is there.

        Raises: UnknownScenario when there is no scene at all.
        """
        scenes = self._current()
        if not scenes:
            raise UnknownScenario(self._default or "default", ())
        return scenes.get(self._default or "") or next(iter(scenes.values()))

    @property
    def problems(self) -> Mapping[Path, tuple[Problem, ...]]:
        """What is wrong now, by scenario file; warnings too."""
        self._current()
        with self._lock:
            return {path: one.problems for path, one in self._entries.items() if one.problems}

    def _current(self, only: str | None = None) -> dict[str, Loaded]:
        with self._lock:
            files = [path for folder in self._folders for path in scenes_below(folder)]
            kept = {path for path in self._entries if path.parent.is_dir()}
            self._entries = {path: one for path, one in self._entries.items() if path in kept}
            for path in files:
                if only is None or path.parent.name == only:
                    self._refresh(path)
            return self._by_id()

    def _refresh(self, path: Path) -> None:
        old, stamp = self._entries.get(path), _stamp(path)
        if old and old.stamp == stamp:
            return
        good = old.good if old else None
        try:
            loaded = load(path)
        except ScenarioErrors as errors:
            problems = errors.problems
            _tell("scenario.refused", logging.WARNING, path, problems)
        else:
            problems = loaded.warnings
            if old and _refused(old):
                _tell("scenario.accepted", logging.INFO, path, problems)
            elif good and good.hash != loaded.hash:
                _tell("scenario.reloaded", logging.INFO, path, problems)
            good = loaded
        self._entries[path] = _Entry(stamp=stamp, good=good, problems=problems)

    def _by_id(self) -> dict[str, Loaded]:
        found: dict[str, Loaded] = {}
        for folder in self._folders:
            mine = (path for path in self._entries if path.is_relative_to(folder))
            for path in sorted(mine):
                good = self._entries[path].good
                if good:
                    found.setdefault(good.scenario.id, good)
        return found


def scenes_below(folder: Path) -> list[Path]:
    """Scenario files of a scene's folder or of a folder of scenes, three levels down, by name.

    Symbolic links to folders are not followed, nor is a `scenario.yaml` that leads outside.
    """
    found: list[Path] = []
    for place, folders, files in os.walk(folder, followlinks=False):
        level = len(Path(place).relative_to(folder).parts)
        hidden = level >= _MAX_LEVELS or FILE_NAME in files
        folders[:] = [] if hidden else sorted(name for name in folders if name[0] not in "._")
        path = Path(place) / FILE_NAME
        if FILE_NAME in files and path.resolve().is_relative_to(folder.resolve()):
            found.append(path)
    return sorted(found)


def _stamp(path: Path) -> _Stamp:
    """Changes when the scenario file does, or a file beside it or in its knowledge folder."""
    near = (path, *_entries_of(path.parent), *_entries_of(path.parent / "knowledge"))
    stamps = []
    for one in near:
        try:
            seen = one.stat()
        except OSError:
            stamps.append((str(one), 0, 0, 0))
        else:
            stamps.append((str(one), seen.st_ino, seen.st_size, seen.st_mtime_ns))
    return tuple(stamps)


def _entries_of(folder: Path) -> list[Path]:
    try:
        return sorted(islice(folder.iterdir(), _MAX_WATCHED))
    except OSError:
        return []


def _refused(entry: _Entry) -> bool:
    return any(one.severity == "error" for one in entry.problems)


def _tell(event: str, level: int, path: Path, problems: Sequence[Problem]) -> None:
    extra = {
        "scenario": path.parent.name,
        "codes": ",".join(sorted({one.code for one in problems})),
        "line": problems[0].line if problems else 0,
    }
    _log.log(level, event, extra=extra)
