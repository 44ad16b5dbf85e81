"""Where a Redis is and how to be let in, read from its URL."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from services.core.errors import ConfigError

_DEFAULT_DB = 2
_PORT = 6379
_QUERY = frozenset({"db", "ssl_cert_reqs", "ssl_ca_certs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server: a socket's `path`, or `host` and `port`; `tls` when the way there is encrypted."""

    db: int = _DEFAULT_DB
    path: str | None = None
    host: str = "127.0.0.1"
    port: int = _PORT
    tls: ssl.SSLContext | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def greeting(self) -> list[tuple[str | int, ...]]:
        """The commands that open a connection."""
        commands: list[tuple[str | int, ...]] = [("SELECT", self.db), ("PING",)]
        if self.password is not None:
            login = (self.user, self.password) if self.user else (self.password,)
            commands.insert(0, ("AUTH", *login))
        return commands


def parse_address(url: str) -> Address:
    """Reads `redis://`, `rediss://` (TLS) or `unix://`, with `?db=2` or a path as the database.

    No database named: 2. `ssl_cert_reqs=none` trusts any certificate, `ssl_ca_certs` names a file.

    Raises:
        ConfigError: it is no such URL. The message does not repeat it: it may hold a password.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ConfigError("REDIS_URL: must begin with redis://, rediss:// or unix://")
    if unknown := sorted(query.keys() - _QUERY):
        raise ConfigError(f"REDIS_URL: unknown parameter {unknown[0]}")
    unix = parts.scheme == "unix"
    db = query.get("db") or ("" if unix else parts.path.strip("/")) or str(_DEFAULT_DB)
    try:
        port = parts.port or _PORT
        number = int(db)
    except ValueError:
        raise ConfigError("REDIS_URL: port and database are whole numbers") from None
    return Address(
        db=number,
        path=unquote(parts.path) if unix else None,
        host=parts.hostname or "127.0.0.1",
        port=port,
        tls=_tls(query) if parts.scheme == "rediss" else None,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password is not None else None,
    )


def _tls(query: dict[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=query.get("ssl_ca_certs"))
    except OSError:
        raise ConfigError("REDIS_URL: ssl_ca_certs is no readable certificate file") from None
    if query.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
