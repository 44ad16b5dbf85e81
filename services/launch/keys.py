"""The data folder's own LiveKit key and secret: made once, strong, readable by their owner only."""

import os
import secrets
from pathlib import Path
from typing import NamedTuple

from services.core.errors import ConfigError

KEY, SECRET = "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"
SECRET_BYTES = 32


class Keys(NamedTuple):
    """An API key's name and the secret that signs tokens."""

    api_key: str
    api_secret: str


def fresh_keys() -> Keys:
    """New ones, 256 bits, in the shape that LiveKit's own tools give."""
    return Keys("API" + secrets.token_hex(6), secrets.token_hex(SECRET_BYTES))


def kept_keys(path: Path) -> Keys:
    """Those in the file at `path`, made at the first call (mode 600, `NAME=value` lines).

    Raises: ConfigError when the file cannot be used.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    keys = fresh_keys()
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.write(f"{KEY}={keys.api_key}\n{SECRET}={keys.api_secret}\n")
    return keys


def _read(path: Path) -> Keys:
    lines = path.read_text(encoding="utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    keys = Keys(values.get(KEY, ""), values.get(SECRET, ""))
    if not keys.api_key or len(keys.api_secret.encode()) < SECRET_BYTES:
        raise ConfigError(f"{path}: no usable {KEY} and {SECRET} in it: delete it to get new ones")
    return keys
