"""The environment as settings, and what is refused at start."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from scripts.settings_pages import ROOT, env_example, markdown
from services.core.errors import ConfigError
from services.settings import Settings, load_settings, variables

STRONG = "x" * 32
PRODUCTION = {
    "REPARTEE_ENV": "production",
    "LIVEKIT_URL": "wss://livekit.example",
    "LIVEKIT_API_KEY": "APIabc",
    "LIVEKIT_API_SECRET": STRONG,
    "REPARTEE_JWT_KEYS": STRONG,
}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_empty_environment_is_the_embedded_house() -> None:
    settings = load_settings({})
    assert settings.livekit_url is None
    assert settings.openai_model is None
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8000)
    assert settings.metrics_port == 9464
    assert settings.speech == "embedded"
    assert settings.tracks == "per_character"
    assert not settings.production


def test_database_lies_in_the_data_folder_unless_told_otherwise() -> None:
    assert load_settings({"REPARTEE_DATA_DIR": "/srv/r"}).database_url == (
        "sqlite+aiosqlite:////srv/r/repartee.db"
    )
    told = load_settings({"DATABASE_URL": "postgresql+asyncpg://db/repartee"})
    assert told.database_url == "postgresql+asyncpg://db/repartee"


def test_data_folder_is_absolute_whatever_the_child_processes_do() -> None:
    assert load_settings({"REPARTEE_DATA_DIR": "./var"}).data_dir == Path.cwd() / "var"


def test_lists_are_split(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "REPARTEE_VOICES": "kokoro, espeak",
            "REPARTEE_SCENARIOS": f"{tmp_path}:{tmp_path}",
            "REPARTEE_JWT_KEYS": "new,old",
        }
    )
    assert settings.voices == ("kokoro", "espeak")
    assert settings.scenarios == (tmp_path, tmp_path)
    assert [key.get_secret_value() for key in settings.jwt_keys] == ["new", "old"]


def test_empty_values_count_as_unset() -> None:
    assert load_settings({"LIVEKIT_URL": "", "REPARTEE_HTTP_PORT": ""}) == load_settings({})


def test_foreign_variables_are_ignored() -> None:
    assert load_settings({"PATH": "/bin", "OPENAI_ORG": "x"}) == load_settings({})


def test_process_environment_is_not_read_behind_its_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPARTEE_HTTP_PORT", "9999")
    assert load_settings({}).http_port == 8000


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings({}).http_port = 1  # type: ignore[misc]


def test_secrets_stay_out_of_the_text_form() -> None:
    hidden = "hide-me-hide-me-hide-me-hide-me-"
    settings = load_settings(
        {
            "LIVEKIT_API_SECRET": hidden,
            "OPENAI_API_KEY": hidden,
            "REPARTEE_JWT_KEYS": hidden,
            "DATABASE_URL": f"postgresql://me:{hidden}@db/x",
            "REDIS_URL": f"redis://:{hidden}@redis",
        }
    )
    assert "hide-me" not in f"{settings!r}{settings}"


def test_o2_misspelt_name_is_refused_with_the_nearest() -> None:
    assert problems({"REPARTEE_SPECH": "openai"}) == [
        "REPARTEE_SPECH: no such setting; nearest: REPARTEE_SPEECH"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REPARTEE_ENV", "prod"),
        ("REPARTEE_HTTP_PORT", "99999"),
        ("REPARTEE_MAX_ROOMS", "none"),
        ("REPARTEE_TRACKS", "one"),
        ("LLM_CACHE_ENABLED", "perhaps"),
        ("REPARTEE_SCENARIOS", "/no/such/folder"),
        ("REPARTEE_JWKS_FILE", "/no/such/file"),
        ("WHISPER_MODEL_PATH", "/no/such/folder"),
    ],
)
def test_o2_wrong_value_is_refused_with_its_name(name: str, value: str) -> None:
    assert [line.partition(":")[0] for line in problems({name: value})] == [name]


def test_o2_all_problems_are_told_at_once_without_their_values() -> None:
    found = problems(
        {"REPARTEE_X": "canary", "REPARTEE_ENV": "canary", "REPARTEE_TRACKS": "canary"}
    )
    assert len(found) == 3
    assert "canary" not in "".join(found)


def test_livekit_without_its_keys_is_refused() -> None:
    found = problems({"LIVEKIT_URL": "ws://127.0.0.1:7880"})
    assert [line.partition(":")[0] for line in found] == ["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"]


def test_o1_production_starts_with_strong_secrets() -> None:
    assert load_settings(PRODUCTION).production


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"LIVEKIT_URL": ""}, "LIVEKIT_URL"),
        ({"LIVEKIT_API_KEY": "devkey"}, "LIVEKIT_API_KEY"),
        ({"LIVEKIT_API_KEY": ""}, "LIVEKIT_API_KEY"),
        ({"LIVEKIT_API_SECRET": "secret"}, "LIVEKIT_API_SECRET"),
        ({"LIVEKIT_API_SECRET": "x" * 31}, "LIVEKIT_API_SECRET"),
        ({"REPARTEE_JWT_KEYS": ""}, "REPARTEE_JWT_KEYS"),
        ({"REPARTEE_JWT_KEYS": f"{STRONG},short"}, "REPARTEE_JWT_KEYS"),
    ],
)
def test_o1_production_refuses_weak_or_missing_secrets(change: dict[str, str], named: str) -> None:
    assert [line.partition(":")[0] for line in problems(PRODUCTION | change)] == [named]


def test_o1_production_names_everything_that_is_missing_at_once() -> None:
    found = problems({"REPARTEE_ENV": "production"})
    assert [line.partition(":")[0] for line in found] == [
        "LIVEKIT_URL",
        "LIVEKIT_API_KEY",
        "LIVEKIT_API_SECRET",
        "REPARTEE_JWT_KEYS",
    ]


def test_o1_a_jwks_file_stands_in_for_keys(tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text("{}")
    environ = PRODUCTION | {"REPARTEE_JWT_KEYS": "", "REPARTEE_JWKS_FILE": str(jwks)}
    assert load_settings(environ).jwks_file == jwks


def test_every_variable_fills_one_field() -> None:
    assert sorted(variables().values()) == sorted(Settings.model_fields)


def test_written_pages_match_the_settings() -> None:
    """`python -m scripts.settings_pages` writes them."""
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == markdown()
