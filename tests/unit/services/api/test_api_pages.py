"""What a browser is told about the page."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from services.api.pages import Pages, SecurityHeaders


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client on a small page."""
    (tmp_path / "index.html").write_text("<title>Repartee</title>")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "lib.js").write_text("1")
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "main.js").write_text("2")
    app = Starlette()
    app.mount("/", Pages(tmp_path))
    transport = httpx.ASGITransport(app=SecurityHeaders(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        yield client


async def test_the_page_allows_no_inline_script_and_no_frame(page: httpx.AsyncClient) -> None:
    headers = (await page.get("/")).headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "microphone=(self)" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        ("/", "no-cache"),
        ("/js/main.js", "no-cache"),
        ("/vendor/lib.js", "public, max-age=86400"),
    ],
)
async def test_libraries_are_kept_a_day_the_page_is_asked_about(
    page: httpx.AsyncClient, path: str, cache: str
) -> None:
    assert (await page.get(path)).headers["Cache-Control"] == cache


async def test_an_unchanged_page_is_not_sent_again(page: httpx.AsyncClient) -> None:
    etag = (await page.get("/")).headers["ETag"]
    again = await page.get("/", headers={"If-None-Match": etag})
    assert again.status_code == 304


async def test_nothing_outside_the_folder_is_served(page: httpx.AsyncClient) -> None:
    for path in ("/%2e%2e/secret", "/..%2fsecret", "/js/"):
        assert (await page.get(path)).status_code == 404


async def test_the_apps_own_page_is_there(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
