"""docker-compose.yml against the settings: known variables, pinned images, health, no secrets."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.settings import variables

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"].startswith("repartee:")}
THEIRS = {
    "livekit": {"LIVEKIT_KEYS"},
    "redis": set(),
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"},
}
SECRET = re.compile(r"PASSWORD|SECRET|KEY", re.IGNORECASE)


def test_the_parts_of_make_run_are_there() -> None:
    assert {"livekit", "redis", "postgres", "app", "worker", "jobs"} <= set(SERVICES)


@pytest.mark.parametrize("name", OURS)
def test_o2_every_variable_of_our_parts_is_a_setting(name: str) -> None:
    assert set(OURS[name]["environment"]) - set(variables()) == set()


@pytest.mark.parametrize("name", THEIRS)
def test_every_variable_of_other_parts_is_theirs(name: str) -> None:
    assert set(SERVICES[name].get("environment", {})) <= THEIRS[name]


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_tells_its_health_and_has_time_to_stop(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert re.fullmatch(r"\d+s", SERVICES[name]["stop_grace_period"])


@pytest.mark.parametrize("name", SERVICES)
def test_each_image_is_pinned(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert image
    assert re.search(r"\d+\.\d+", tag)


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable):
            assert re.sub(r"\$\{\w+:[?-][^}]*\}|[: ]", "", value) == "", variable
    assert not re.search(r"://[^$/\s]+:(?!\$\{)[^@/\s]+@", yaml.safe_dump(SERVICES[name]))


def test_s3_a_worker_may_drain_before_it_is_killed() -> None:
    drain_s = int(SERVICES["worker"]["environment"]["REPARTEE_DRAIN_S"])
    assert int(SERVICES["worker"]["stop_grace_period"].rstrip("s")) > drain_s


def test_counters_are_never_evicted() -> None:
    assert "--maxmemory-policy volatile-lfu" in SERVICES["redis"]["command"]


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_commands_exists(name: str) -> None:
    words = OURS[name]["command"].split()
    assert words[:2] == ["python", "-m"]
    assert find_spec(words[2]) is not None
    assert all((ROOT / word).exists() for word in words[3:] if word.endswith(".py"))


def test_the_image_brings_every_room_of_the_house() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    for room in ("agents", "services", "scenarios"):
        assert f"COPY {room} {room}" in dockerfile
    assert re.search(r"^USER repartee$", dockerfile, re.MULTILINE)


def test_the_livekit_config_holds_no_key() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "livekit.yaml").read_text(encoding="utf-8"))
    assert "keys" not in config
    assert config["rtc"]["udp_port"] == 7882
