"""What `make run` tells a person: where to go, who plays, where the logs are."""

import json
from collections.abc import Mapping

from services.launch.parts import House
from services.settings import Settings

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def banner(house: House, settings: Settings, *, colour: bool) -> str:
    """The lines shown once the house is open."""
    bold, dim, plain = (_BOLD, _DIM, _PLAIN) if colour else ("", "", "")
    rows = {
        "Try it": f"{bold}{house.http_url}{plain}",
        "Cast": _cast(settings),
        "Speech": _speech(settings),
        "LiveKit": house.livekit_url,
        "Logs": str(house.logs),
    }
    lines = [f"  {dim}{name:<9}{plain}{value}" for name, value in rows.items()]
    head = f"  {bold}Repartee is ready.{plain}"
    return "\n".join(["", head, "", *lines, "", f"  {dim}Ctrl-C ends all of it.{plain}", ""])


def ready_line(house: House, pids: Mapping[str, int]) -> str:
    """The same for programs: one JSON object on one line, without secrets."""
    return json.dumps(
        {"http_url": house.http_url, "livekit_url": house.livekit_url, "pids": dict(pids)}
    )


def _cast(settings: Settings) -> str:
    if settings.openai_api_key is None:
        return "plays the lines its authors wrote (set OPENAI_API_KEY to have a model play)"
    return f"played by {settings.openai_model}"


def _speech(settings: Settings) -> str:
    if settings.speech == "openai":
        return f"{settings.openai_stt_model}, {settings.openai_tts_model}"
    return "embedded, English and French"
