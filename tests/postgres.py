"""A PostgreSQL server of the tests' own: an unprivileged user's cluster on a private socket.

It starts when the first test asks for it and ends with the test run.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

_DEBIAN = Path("/usr/lib/postgresql")
_CONFIG = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 60
"""


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """The folder of a running server's socket; user `repartee`, no password."""
    folder = Path(tempfile.mkdtemp(prefix="repartee-pg-"))
    data = folder / "data"
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    shutil.chown(folder, user)
    _run(user, "initdb", "-D", data, "-A", "trust", "-U", "repartee", "-E", "UTF8", "--no-sync")
    with (data / "postgresql.conf").open("a") as config:
        config.write(_CONFIG.format(folder=folder))
    _run(user, "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log")
    try:
        yield folder
    finally:
        _run(user, "pg_ctl", "stop", "-D", data, "-m", "immediate")
        shutil.rmtree(folder)


@pytest.fixture
def empty_postgres(postgres_folder: Path) -> str:
    """The URL of a fresh database."""
    name = f"t{uuid4().hex}"
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    _run(user, "createdb", "-h", postgres_folder, "-U", "repartee", name)
    return f"postgresql+asyncpg://repartee@/{name}?host={postgres_folder}"


def _run(user: str, command: str, *arguments: str | Path) -> None:
    done = subprocess.run(
        [_program(command), *map(str, arguments)],
        user=user if os.geteuid() == 0 else None,
        group=pwd.getpwnam(user).pw_gid if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{command} failed: {done.stderr}"


def _program(command: str) -> str:
    """Debian keeps the newest server's programs outside PATH."""
    found = shutil.which(command) or next(
        (str(path) for path in sorted(_DEBIAN.glob(f"*/bin/{command}"), reverse=True)), None
    )
    assert found, f"{command} is missing: apt-get install postgresql"
    return found
