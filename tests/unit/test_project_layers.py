"""Where SDKs may be imported: what import-linter cannot see, since it knows top packages only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "services", "scenarios")
STAGE = ("agents/stage/", "agents/worker.py")
ADAPTERS = ("services/adapters/",)
HOMES: dict[str, tuple[str, ...]] = {
    "livekit.rtc": STAGE,
    "livekit.agents": STAGE,
    "livekit.plugins": (*STAGE, *ADAPTERS),
    "livekit": (*STAGE, *ADAPTERS),
    **dict.fromkeys(
        (
            "aiosqlite", "alembic", "asyncpg", "celery", "ctranslate2", "faster_whisper",
            "hiredis", "interlock", "llama_cpp", "onnxruntime", "pocketsphinx",
            "redis", "sqlalchemy",
        ),
        ADAPTERS,
    ),
    "openai": (*ADAPTERS, "agents/stage/vendor_speech.py"),  # the LiveKit plugin takes its client
    "prometheus_client": (*ADAPTERS, "services/telemetry/"),
    "genai_prices": (),  # its prices stand in services/llm/models/prices.json
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def home_of(name: str) -> tuple[str, ...] | None:
    fitting = [sdk for sdk in HOMES if name == sdk or name.startswith(f"{sdk}.")]
    return HOMES[max(fitting, key=len)] if fitting else None


def test_each_sdk_is_imported_in_its_home_only() -> None:
    strays = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules()
        for name in imports(path)
        if (home := home_of(name)) is not None and not str(path.relative_to(ROOT)).startswith(home)
    ]
    assert strays == []


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_imports_the_tests_or_the_benchmarks(room: str) -> None:
    strays = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / room).rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] in {"tests", "bench"}
    ]
    assert strays == []
