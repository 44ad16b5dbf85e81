"""What docs/mobile.md says to send works, and the codes it names are the ones that are given."""

import re
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[4]
DOC = (ROOT / "docs" / "mobile.md").read_text()
BODIES = re.findall(r"```json\n(.*?)\n```", DOC, re.DOTALL)
CODES = re.findall(r"`([a-z]+(?:_[a-z]+)+)`(?=[^|]*\| \d{3} \|)", DOC)


@pytest.mark.parametrize("body", BODIES)
async def test_a_documented_request_gets_a_token(client: httpx.AsyncClient, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/api/livekit/token", content=body, headers=headers)
    assert answer.status_code == 201
    for field in answer.json():
        assert f"`{field}`" in DOC


def test_every_documented_code_is_one_of_ours() -> None:
    folders = (ROOT / "services" / "api", ROOT / "services" / "sessions")
    source = "".join(path.read_text() for folder in folders for path in folder.glob("*.py"))
    assert len(CODES) > 10
    assert [code for code in CODES if f'"{code}"' not in source] == []


def test_every_documented_call_exists() -> None:
    described = (ROOT / "services" / "api").glob("*.py")
    source = "".join(path.read_text() for path in described)
    for path in ("/api/livekit/token", "/getToken", "/api/v2/sandbox/connection-details"):
        assert path in DOC
        assert f'"{path}"' in source
