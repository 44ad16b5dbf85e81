"""A process that left its parent's group and outlived it is still ended with the house."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARENT = (
    "import subprocess, sys; "
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], "
    "start_new_session=True, stdout=-3, stderr=-3).pid)"
)
HOUSE = f"""
import subprocess, sys
from services.launch.orphans import adopt_orphans, end_orphans
assert adopt_orphans()
left = subprocess.run([sys.executable, "-c", {PARENT!r}], capture_output=True, text=True).stdout
print(left.strip(), end_orphans())
"""


def test_what_a_child_left_behind_is_ended_with_us() -> None:
    told = subprocess.run(
        [sys.executable, "-c", HOUSE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pid, ended = told.stdout.split()
    assert ended == "1"
    assert not Path(f"/proc/{pid}").exists()
