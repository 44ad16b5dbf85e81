"""Other people's clients stay in an environment of their own."""

from pathlib import Path

from bench import peers


def test_requirements_of_a_peer_lose_extras_and_the_bound_on_certificates() -> None:
    told = ["httpx>=0.28", "certifi>=2026.10.19", "fastapi>=0.1; extra == 'proxy'"]

    assert peers.plain(told) == ["httpx>=0.28", "certifi"]


def test_peers_are_installed_outside_of_the_repository() -> None:
    assert Path(peers.__file__).parent.parent not in peers.folder().parents
