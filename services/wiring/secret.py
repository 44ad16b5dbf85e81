"""The secret that signs cache keys: one for all processes that use one data folder."""

import os
import secrets
from pathlib import Path

from services.core.errors import ConfigError
from services.settings import Settings

_FILE = "cache.secret"
_BYTES = 32


def cache_secret(settings: Settings) -> bytes:
    """The operator's, else the data folder's own, made when it is first needed.

    Raises: ConfigError when the folder cannot be written.
    """
    if settings.cache_secret is not None:
        return settings.cache_secret.get_secret_value().encode()
    folder = settings.data_dir / "run"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _kept(folder / _FILE)
    except OSError as error:
        raise ConfigError(
            f"REPARTEE_DATA_DIR: {folder} cannot be written ({error.strerror})"
        ) from None


def _kept(path: Path) -> bytes:
    """What stands in the file. It appears whole, so that no process reads half of it."""
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(_BYTES))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first; its secret counts
    finally:
        fresh.unlink()
    return path.read_bytes()
