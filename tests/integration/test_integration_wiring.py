"""The house opens whole from an empty folder, and closes whole."""

import asyncio
import os
from pathlib import Path

import pytest

from bench.vendor import Delays, vendor
from services.core.errors import ConfigError
from services.llm.outcome import Source
from services.llm.request import Message
from services.settings import Settings, load_settings
from services.wiring import open_services


def embedded(data_dir: Path, **environ: str) -> Settings:
    return load_settings({"REPARTEE_DATA_DIR": str(data_dir), **environ})


def _children() -> list[str]:
    """Processes that this one started and that still run."""
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()


async def test_embedded_house_has_ears_voices_scenes_and_a_store_but_no_model(
    tmp_path: Path,
) -> None:
    async with open_services(embedded(tmp_path / "var")) as services:
        assert not services.optimizer.has_model
        assert services.rooms is None
        assert services.ears[0].name == "whisper-base"
        assert [engine.name for engine in services.engines] == ["espeak", "flite"]
        assert services.catalogue.default().scenario.id in services.catalogue.ids()
        assert await services.store.get("s-1") is None
        assert await services.presence.get("s-1") is None
    assert (tmp_path / "var" / "repartee.db").is_file()


async def test_preferred_engine_comes_first(tmp_path: Path) -> None:
    settings = embedded(tmp_path, REPARTEE_VOICES="flite")
    async with open_services(settings) as services:
        assert [engine.name for engine in services.engines] == ["flite", "espeak"]


async def test_address_of_a_vendor_is_enough_for_a_model(tmp_path: Path) -> None:
    async with vendor(delays=Delays(first_token_s=0.0, word_s=0.0)) as stub:
        settings = embedded(tmp_path, OPENAI_BASE_URL=stub.url, OPENAI_MODEL="stub-1")
        async with open_services(settings) as services:
            assert services.optimizer.has_model
            outcome = await services.optimizer.get_optimized_response(
                [Message(role="user", content="Bonsoir")]
            )
        assert (outcome.source, outcome.model) == (Source.LIVE, "stub-1")
        assert stub.calls[0].model == "stub-1"


async def test_livekit_address_opens_the_rooms_port(tmp_path: Path) -> None:
    settings = embedded(
        tmp_path,
        LIVEKIT_URL="ws://127.0.0.1:7880",
        LIVEKIT_API_KEY="key",
        LIVEKIT_API_SECRET="s" * 32,
    )
    async with open_services(settings) as services:
        assert services.rooms is not None


async def test_closed_house_leaves_no_task_and_no_child(tmp_path: Path) -> None:
    before = asyncio.all_tasks(), _children()
    async with open_services(embedded(tmp_path, OPENAI_BASE_URL="http://127.0.0.1:1/v1")):
        pass
    assert (asyncio.all_tasks(), _children()) == before


async def test_o2_unusable_database_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        async with open_services(embedded(tmp_path, DATABASE_URL="mysql://x/y")):
            pass
