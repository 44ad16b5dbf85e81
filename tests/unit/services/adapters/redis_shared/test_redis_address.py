"""What a REDIS_URL may say."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from services.adapters.redis_shared.address import parse_address
from services.core.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://redis:6379/2", {"host": "redis", "port": 6379, "db": 2, "path": None}),
        ("redis://redis", {"host": "redis", "port": 6379, "db": 2}),
        ("redis://redis/0", {"db": 0}),
        ("redis://[::1]:7000/5?db=3", {"host": "::1", "port": 7000, "db": 3}),
        ("unix:///run/redis.sock", {"path": "/run/redis.sock", "db": 2}),
        ("unix:///run/redis.sock?db=4", {"path": "/run/redis.sock", "db": 4}),
        ("redis://:p%40ss@redis/1", {"user": None, "password": "p@ss"}),
        ("redis://ada:pass@redis/1", {"user": "ada", "password": "pass"}),
    ],
)
def test_url_is_read_as_everywhere(url: str, expected: dict[str, Any]) -> None:
    address = parse_address(url)
    assert {name: getattr(address, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("url", "greeting"),
    [
        ("redis://redis/1", [("SELECT", 1), ("PING",)]),
        ("redis://:pass@redis/1", [("AUTH", "pass"), ("SELECT", 1), ("PING",)]),
        ("redis://ada:pass@redis/1", [("AUTH", "ada", "pass"), ("SELECT", 1), ("PING",)]),
    ],
)
def test_greeting_logs_in_first(url: str, greeting: list[Any]) -> None:
    assert parse_address(url).greeting() == greeting


def test_encrypted_way_checks_the_certificate_unless_told_otherwise() -> None:
    checked = parse_address("rediss://redis").tls
    trusting = parse_address("rediss://redis?ssl_cert_reqs=none").tls
    assert checked is not None
    assert trusting is not None
    assert checked.verify_mode is ssl.CERT_REQUIRED
    assert checked.check_hostname
    assert trusting.verify_mode is ssl.CERT_NONE
    assert parse_address("redis://redis").tls is None


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://:hidden@redis", "redis://"),
        ("redis://:hidden@redis/two", "whole numbers"),
        ("redis://:hidden@redis:port/2", "whole numbers"),
        ("redis://:hidden@redis/2?sokcet_timeout=3", "sokcet_timeout"),
        ("rediss://:hidden@redis?ssl_ca_certs=/nowhere.pem", "ssl_ca_certs"),
    ],
)
def test_o2_wrong_url_is_refused_by_name_and_keeps_its_password(url: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_address(url)
    assert named in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_o2_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match="ssl_ca_certs"):
        parse_address(f"rediss://redis?ssl_ca_certs={tmp_path / 'ca.pem'}")
