"""A LiveKit server of our own on loopback: its config file, its start, its end.

`make run`, the room tests and the benchmarks all start it here. Media stays on loopback; nothing
listens on another interface.
"""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from services.core.errors import BackendError, ConfigError
from services.launch.child import Child, Spec
from services.launch.keys import Keys, fresh_keys
from services.launch.ports import LOOPBACK, free_port, until_answers

READY_LIMIT_S = 20.0
_STARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens and what opens it."""

    port: int
    udp_port: int
    api_key: str
    api_secret: str

    @property
    def url(self) -> str:
        return f"ws://{LOOPBACK}:{self.port}"


class LiveKitServer:
    """One server in `data_dir`. Tests may `kill()` it and `start()` it again on the same ports."""

    def __init__(self, address: Address, child: Child) -> None:
        self.address = address
        self.child = child

    @property
    def url(self) -> str:
        return self.address.url

    @property
    def api_key(self) -> str:
        return self.address.api_key

    @property
    def api_secret(self) -> str:
        return self.address.api_secret

    @property
    def pid(self) -> int:
        return self.child.pid

    async def start(self) -> None:
        """Start and wait until it answers. Raises: BackendError naming its log."""
        await self.child.start()
        port = self.address.port
        if not await until_answers(port, limit_s=READY_LIMIT_S, alive=lambda: self.child.running):
            await self.child.kill()
            raise BackendError(f"livekit-server did not start: see {self.child.spec.log}")

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        await self.child.kill()

    async def stop(self) -> None:
        """End it politely; open rooms hold it half a second at most."""
        await self.child.stop()


@asynccontextmanager
async def livekit_server(
    data_dir: Path, *, binary: Path | None = None
) -> AsyncIterator[LiveKitServer]:
    """A running server on free ports with fresh keys; ended when the block is left.

    Raises: ConfigError when there is no binary, BackendError when it does not start.
    """
    program = binary or find_binary()
    for attempt in range(_STARTS):
        server = _server(data_dir, program)
        try:
            await server.start()
        except BackendError:  # somebody took the port between our look and its bind
            if attempt == _STARTS - 1:
                raise
        else:
            break
    try:
        yield server
    finally:
        await server.stop()


def _server(data_dir: Path, binary: Path) -> LiveKitServer:
    address = new_address(fresh_keys())
    return LiveKitServer(address, Child(server_spec(data_dir, binary, address)))


def server_spec(data_dir: Path, binary: Path, address: Address) -> Spec:
    """Write the config file and say how to run the server on it."""
    config = write_config(data_dir / "livekit.yaml", address)
    return Spec(
        name="livekit",
        argv=(str(binary), "--config", str(config)),
        env={"PATH": "/usr/bin:/bin"},  # LIVEKIT_* of the person's shell must not override the file
        log=data_dir / "logs" / "livekit.log",
        stop_s=0.5,  # it keeps nothing, and would wait for its rooms
    )


def new_address(keys: Keys, port: int = 0, udp_port: int = 0) -> Address:
    """Free ports: the wanted ones when they are free."""
    return Address(
        port=free_port(port),
        udp_port=free_port(udp_port, "udp"),
        api_key=keys.api_key,
        api_secret=keys.api_secret,
    )


def write_config(path: Path, address: Address) -> Path:
    """The server's YAML, readable by its owner only.

    Source: livekit-server's config-sample.yaml. `tcp_port: 0` because ICE over TCP would listen on
    every interface whatever `bind_addresses` says.
    """
    config = {
        "port": address.port,
        "bind_addresses": [LOOPBACK],
        "keys": {address.api_key: address.api_secret},
        "rtc": {
            "node_ip": LOOPBACK,
            "use_external_ip": False,
            "enable_loopback_candidate": True,
            "interfaces": {"includes": ["lo"]},
            "tcp_port": 0,
            "udp_port": address.udp_port,
        },
        "room": {"empty_timeout": 30, "departure_timeout": 5},
        "logging": {"level": "info", "json": True},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


def find_binary() -> Path:
    """The livekit-server on PATH, else the one that `make setup` built beside our Python.

    Raises: ConfigError when there is neither.
    """
    built = Path(sys.prefix) / "bin" / "livekit-server"
    found = shutil.which("livekit-server") or (str(built) if built.exists() else None)
    if found is None:
        raise ConfigError("livekit-server is missing: run `make setup`, or set LIVEKIT_URL")
    return Path(found)
