"""The environment as one frozen object, read once by the entry point and handed on from there.

Owns every variable that Repartee reads, what it means and what is refused;
`scripts/settings_pages.py` writes `.env.example` and `docs/configuration.md` from it.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from services.core.errors import ConfigError
from services.llm.ledger.budgets import parse_budgets
from services.llm.models.catalogue import load_models

MIN_SECRET_BYTES = 32
"""Source: RFC 7518 section 3.2, an HS256 key is at least as long as the hash."""

_KNOWN_WEAK = frozenset({"devkey", "secret"})
_PREFIX = "REPARTEE_"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _split(separator: str) -> BeforeValidator:
    def split(value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(separator) if part.strip())
        return value

    return BeforeValidator(split)


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Port = Annotated[int, Field(ge=0, le=65535)]


def _env(name: str, meaning: str, default: Any = None, **more: Any) -> Any:
    """A field read from the variable `name`; `meaning` is what the documentation says."""
    return Field(default, validation_alias=name, description=meaning, **more)


def _default_database(values: dict[str, Any]) -> str:
    return f"sqlite+aiosqlite:///{values['data_dir'] / 'repartee.db'}"


class Settings(BaseSettings):
    """What the environment says. Build it with `load_settings`; tests name fields directly."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        validate_default=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )

    livekit_url: str | None = _env("LIVEKIT_URL", "the LiveKit server; `make run` starts one")
    livekit_api_key: str | None = _env("LIVEKIT_API_KEY", "its API key", repr=False)
    livekit_api_secret: SecretStr | None = _env(
        "LIVEKIT_API_SECRET", "its secret, 32 bytes or more"
    )
    livekit_agent_name: str = _env(
        "LIVEKIT_AGENT_NAME", "name the agent is dispatched by", "roleplay"
    )

    openai_api_key: SecretStr | None = _env("OPENAI_API_KEY", "key of the first provider")
    openai_base_url: str | None = _env("OPENAI_BASE_URL", "any vendor that speaks the OpenAI wire")
    openai_model: str | None = _env(
        "OPENAI_MODEL", "one model in place of all that models.yaml names of this provider"
    )
    openai_tts_model: str = _env("OPENAI_TTS_MODEL", "vendor's voice model", "gpt-4o-mini-tts")
    openai_stt_model: str = _env(
        "OPENAI_STT_MODEL", "vendor's recognition model", "gpt-4o-mini-transcribe"
    )
    mistral_api_key: SecretStr | None = _env("MISTRAL_API_KEY", "key of a fallback provider")
    mistral_base_url: str | None = _env("MISTRAL_BASE_URL", "its address, if not the vendor's own")
    scaleway_api_key: SecretStr | None = _env("SCALEWAY_API_KEY", "key of a fallback provider")
    scaleway_base_url: str | None = _env(
        "SCALEWAY_BASE_URL", "its address, if not the vendor's own"
    )
    llama_model_path: AbsolutePath | None = _env(
        "LLAMA_MODEL_PATH", "a GGUF file for the CPU fallback"
    )
    whisper_model_path: AbsolutePath | None = _env(
        "WHISPER_MODEL_PATH", "a CTranslate2 folder in place of the packaged ears"
    )
    kokoro_model_path: AbsolutePath | None = _env(
        "KOKORO_MODEL_PATH", "a Kokoro folder in place of the packaged voices"
    )

    data_dir: AbsolutePath = _env(
        "REPARTEE_DATA_DIR", "where Repartee keeps its files", Path("var")
    )
    redis_url: str | None = _env(
        "REDIS_URL", "shared cache and budgets; unset: a file in the data folder", repr=False
    )
    database_url: str = Field(
        default_factory=_default_database,
        validation_alias="DATABASE_URL",
        description="sessions and transcripts; unset: a SQLite file in the data folder",
        repr=False,
    )
    celery_broker_url: str | None = _env(
        "CELERY_BROKER_URL", "distributed jobs (not used yet)", repr=False
    )

    llm_cache_enabled: bool = _env("LLM_CACHE_ENABLED", "cache answers", True)
    llm_cache_ttl_default: int = _env(
        "LLM_CACHE_TTL_DEFAULT", "seconds an answer is kept, where its task says nothing", 300, ge=0
    )
    llm_model_selection_enabled: bool = _env(
        "LLM_MODEL_SELECTION_ENABLED",
        "choose the model by task; off: always the advanced one",
        True,
    )
    llm_prompt_compression_enabled: bool = _env(
        "LLM_PROMPT_COMPRESSION_ENABLED", "shorten the tail of long prompts where it pays", True
    )

    llm_thresholds_frozen: bool = _env(
        "LLM_THRESHOLDS_FROZEN", "keep the tiers' thresholds as they are", False
    )

    budgets: str = _env(
        "REPARTEE_BUDGETS",
        "what may be spent, in USD: `session=0.30, user/day=2, day=10, month=150`",
        "",
    )
    cache_secret: SecretStr | None = _env(
        "REPARTEE_CACHE_SECRET", "signs cache keys; machines that share a Redis share it"
    )
    env: Literal["development", "production"] = _env(
        "REPARTEE_ENV", "`production` asks for tokens and strong secrets", "development"
    )
    http_host: str = _env("REPARTEE_HTTP_HOST", "address of the HTTP app", "127.0.0.1")
    http_port: Port = _env("REPARTEE_HTTP_PORT", "port of the HTTP app", 8000)
    metrics_host: str = _env("REPARTEE_METRICS_HOST", "address of /metrics", "127.0.0.1")
    metrics_port: Port = _env("REPARTEE_METRICS_PORT", "port of /metrics", 9464)
    worker_host: str = _env(
        "REPARTEE_WORKER_HOST", "address of the worker's own health page", "127.0.0.1"
    )
    worker_port: Port = _env("REPARTEE_WORKER_PORT", "port of the worker's own health page", 8081)
    job_memory_mb: int = _env(
        "REPARTEE_JOB_MEMORY_MB", "memory at which one room's process is ended", 1500, ge=100
    )
    drain_s: int = _env(
        "REPARTEE_DRAIN_S", "seconds that running scenes get when the worker is stopped", 5, ge=0
    )
    speech: Literal["embedded", "openai"] = _env(
        "REPARTEE_SPEECH", "whose ears and voices", "embedded"
    )
    voices: Annotated[tuple[str, ...], _split(",")] = _env(
        "REPARTEE_VOICES", "embedded engines to prefer, comma separated (`kokoro`)", ()
    )
    turn_detection: Literal["vad", "v1-mini"] = _env(
        "REPARTEE_TURN_DETECTION", "how the end of a turn is found", "vad"
    )
    tracks: Literal["per_character", "shared"] = _env(
        "REPARTEE_TRACKS", "one audio track a character, or one for all", "per_character"
    )
    max_rooms: int = _env("REPARTEE_MAX_ROOMS", "rooms one worker plays at once", 4, ge=1, le=1000)
    user_rooms: int = _env(
        "REPARTEE_USER_ROOMS", "rooms one person may have at once", 4, ge=1, le=1000
    )
    scenarios: Annotated[tuple[AbsolutePath, ...], _split(os.pathsep)] = _env(
        "REPARTEE_SCENARIOS", f"extra scenario folders, separated by `{os.pathsep}`", ()
    )
    models: AbsolutePath | None = _env(
        "REPARTEE_MODELS", "a models.yaml in place of the packaged one"
    )
    jwt_keys: Annotated[tuple[SecretStr, ...], _split(",")] = _env(
        "REPARTEE_JWT_KEYS",
        "HS256 keys that sign callers' tokens, newest first, comma separated",
        (),
    )
    jwks_file: AbsolutePath | None = _env(
        "REPARTEE_JWKS_FILE", "public keys of callers' tokens (JWKS)"
    )

    @property
    def production(self) -> bool:
        """Whether callers must prove who they are."""
        return self.env == "production"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - named by the overridden method
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` hands over: no second look at the process environment."""
        return (init_settings,)


def variables() -> dict[str, str]:
    """Each variable that is read, with the field it fills."""
    return {str(f.validation_alias): name for name, f in Settings.model_fields.items()}


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Settings of an environment; empty values count as unset.

    Raises:
        ConfigError: one line for every problem found, each with the variable's name.
    """
    known = variables()
    problems = [
        _unknown(name, known)
        for name in sorted(environ)
        if name.startswith(_PREFIX) and name not in known
    ]
    try:
        settings = Settings(**{name: environ[name] for name in known if environ.get(name)})  # type: ignore[arg-type]
    except ValidationError as error:
        problems += [
            f"{entry['loc'][0]}: {entry['msg']}"
            for entry in error.errors(include_input=False, include_url=False)
        ]
    else:
        problems += _incomplete(settings)
        problems += _missing_files(settings) or _unreadable(settings)
        if settings.production:
            problems += _weak(settings)
        if not problems:
            return settings
    raise ConfigError("the environment cannot be used:\n  " + "\n  ".join(problems)) from None


def _unknown(name: str, known: Mapping[str, str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return f"{name}: no such setting; nearest: {nearest[0]}"


def _incomplete(settings: Settings) -> list[str]:
    if settings.livekit_url is None or settings.production:
        return []
    wanted = {
        "LIVEKIT_API_KEY": settings.livekit_api_key,
        "LIVEKIT_API_SECRET": settings.livekit_api_secret,
    }
    return [
        f"{name}: missing, and LIVEKIT_URL is set" for name, value in wanted.items() if not value
    ]


def _missing_files(settings: Settings) -> list[str]:
    fields = ("llama_model_path", "whisper_model_path", "kokoro_model_path", "models", "jwks_file")
    wanted = [(field, getattr(settings, field)) for field in fields]
    wanted += [("scenarios", folder) for folder in settings.scenarios]
    return [
        f"{Settings.model_fields[field].validation_alias}: no such file or folder: {path}"
        for field, path in wanted
        if path is not None and not path.exists()
    ]


def _unreadable(settings: Settings) -> list[str]:
    """What cannot be used of models.yaml and the budgets: told before anything is opened."""
    problems: list[str] = []
    for read in (lambda: load_models(settings.models), lambda: parse_budgets(settings.budgets)):
        try:
            read()
        except ConfigError as error:
            problems += str(error).splitlines()
    return problems


def _weak(settings: Settings) -> list[str]:
    """What production refuses (failures.md O1)."""
    problems = []
    if settings.livekit_url is None:
        problems.append("LIVEKIT_URL: missing; production needs a LiveKit server")
    if not settings.livekit_api_key or settings.livekit_api_key in _KNOWN_WEAK:
        problems.append("LIVEKIT_API_KEY: missing or a well-known development key")
    problems += _weak_secret("LIVEKIT_API_SECRET", settings.livekit_api_secret)
    for key in settings.jwt_keys:
        problems += _weak_secret("REPARTEE_JWT_KEYS", key)
    if not settings.jwt_keys and settings.jwks_file is None:
        problems.append("REPARTEE_JWT_KEYS: missing; set it or REPARTEE_JWKS_FILE")
    return problems


def _weak_secret(name: str, secret: SecretStr | None) -> list[str]:
    value = secret.get_secret_value() if secret else ""
    if len(value.encode()) >= MIN_SECRET_BYTES:
        return []
    return [f"{name}: missing or shorter than {MIN_SECRET_BYTES} bytes"]
