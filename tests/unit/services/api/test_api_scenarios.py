"""What a learner is told of scenes and studio."""

from collections.abc import AsyncIterator

import httpx

from services.speech.ports import Language, VoiceChoice
from tests.fakes.parts import CANARY, FakeCatalogue, FakeOptimizer, FakeParts
from tests.unit.services.api.conftest import MakeClient


class _Engine:
    """Speaks and hears nothing, and has a name."""

    def __init__(self, name: str, *languages: Language) -> None:
        self.name = name
        self._languages = frozenset(languages)

    def languages(self) -> frozenset[Language]:
        return self._languages

    async def speak(self, text: str, voice: VoiceChoice) -> AsyncIterator[bytes]:
        yield b""

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        return ""

    async def aclose(self) -> None: ...


async def test_scenes_are_listed_and_the_default_is_marked(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/api/scenarios")).json()
    assert [(one["id"], one["default"]) for one in listed] == [
        ("debat-tv", True),
        ("job-interview", False),
    ]


async def test_a_scene_shows_its_part_its_cast_and_its_phases(client: httpx.AsyncClient) -> None:
    one = (await client.get("/api/scenarios/debat-tv")).json()
    assert one["learner"]["role"] == "ministre"
    assert one["cast"] == [{"id": "morel", "name": "Claire Morel", "title": "animatrice"}]
    assert one["phases"][0]["id"] == "ouverture"
    assert one["rubric"] == [{"id": "clarte", "label": "Clarté"}]


async def test_no_secret_persona_line_event_or_anchor_is_shown(client: httpx.AsyncClient) -> None:
    for path in ("/api/scenarios", "/api/scenarios/debat-tv"):
        assert CANARY not in (await client.get(path)).text


async def test_the_studio_says_that_authored_lines_are_played(client: httpx.AsyncClient) -> None:
    studio = (await client.get("/api/studio")).json()
    assert studio == {
        "cast": "understudy",
        "model": None,
        "hearing": None,
        "voices": {"fr": [], "en": []},
        "speech": "embedded",
        "tracks": "per_character",
        "sign_in": False,
    }


async def test_the_studio_names_model_ears_and_voices(
    client_on: MakeClient, parts: FakeParts
) -> None:
    parts.optimizer = FakeOptimizer(has_model=True, model="gpt-6-luna")
    parts.ears = (_Engine("whisper-base", "fr", "en"), _Engine("pocketsphinx", "en"))
    parts.engines = (_Engine("espeak", "fr", "en"), _Engine("flite", "en"))
    studio = (await client_on(parts).get("/api/studio")).json()
    assert studio["cast"] == "model"
    assert studio["model"] == "gpt-6-luna"
    assert studio["hearing"] == {"name": "whisper-base", "languages": ["en", "fr"]}
    assert studio["voices"] == {"fr": ["espeak"], "en": ["espeak", "flite"]}


async def test_a_studio_without_scenes_says_so(client_on: MakeClient, parts: FakeParts) -> None:
    parts.catalogue = FakeCatalogue(())
    client = client_on(parts)
    assert (await client.get("/api/scenarios")).json() == []
    answer = await client.post("/api/livekit/token", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "no_scenarios")
