"""The data folder's own keys and the server's config: strong, kept, and nobody else's to read."""

import stat
from pathlib import Path

import pytest
import yaml

from services.core.errors import ConfigError
from services.launch.keys import fresh_keys, kept_keys
from services.launch.livekit_server import Address, write_config

ADDRESS = Address(port=7001, udp_port=7002, api_key="APIone", api_secret="s" * 32)


def test_the_secret_has_at_least_32_bytes(tmp_path: Path) -> None:
    assert len(kept_keys(tmp_path / "keys").api_secret.encode()) >= 32


def test_no_two_secrets_are_alike() -> None:
    assert len({fresh_keys().api_secret for _ in range(50)}) == 50


def test_a_second_start_finds_the_same_keys(tmp_path: Path) -> None:
    assert kept_keys(tmp_path / "keys") == kept_keys(tmp_path / "keys")


def test_only_the_owner_reads_keys_and_config(tmp_path: Path) -> None:
    kept_keys(tmp_path / "keys")
    write_config(tmp_path / "livekit.yaml", ADDRESS)
    for name in ("keys", "livekit.yaml"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_o1_a_weak_kept_secret_is_refused_with_the_file_named(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("LIVEKIT_API_KEY=devkey\nLIVEKIT_API_SECRET=secret\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="keys: no usable LIVEKIT_API_KEY"):
        kept_keys(path)


def test_media_and_signalling_stay_on_loopback(tmp_path: Path) -> None:
    config = yaml.safe_load(write_config(tmp_path / "livekit.yaml", ADDRESS).read_text("utf-8"))
    assert config["bind_addresses"] == ["127.0.0.1"]
    assert config["rtc"]["node_ip"] == "127.0.0.1"
    assert config["rtc"]["interfaces"] == {"includes": ["lo"]}
    assert config["rtc"]["tcp_port"] == 0
    assert config["keys"] == {"APIone": "s" * 32}
