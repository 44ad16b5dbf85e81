"""What stands in tracked files: pinned packages without addresses, no machine's own paths."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"^[a-z0-9-]+(\[[a-z0-9,-]+\])?==[^\s@:/]+( ; [^@:/]+)?$")
OWN_PATH = re.compile(r"(?<![\w.])/(work|root|home/\w+|Users/\w+)/")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".sh", ".js", ".css", ".html", ""}
LARGEST_BYTES = 1_000_000


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_one_pinned_package_and_no_address(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not PIN.match(line)] == []


def test_the_page_s_lock_file_records_no_download_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


def test_no_tracked_file_names_a_path_of_somebody_s_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if path.suffix in TEXT and path.name != Path(__file__).name
        for match in OWN_PATH.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_no_tracked_file_is_large() -> None:
    large = [path.name for path in tracked() if path.stat().st_size > LARGEST_BYTES]
    assert large == []


def test_direct_dependencies_are_all_in_the_pinned_file() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"^dependencies = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE)
    assert listed
    wanted = {name.lower() for name in re.findall(r'^\s*"([A-Za-z0-9-]+)', listed[1], re.MULTILINE)}
    pinned = {
        line.split("==")[0].split("[")[0]
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    }
    assert wanted - pinned == set()
