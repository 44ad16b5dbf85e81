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
    vendors = {
        "OpenAI": settings.openai_api_key or settings.openai_base_url,
        "Mistral": settings.mistral_api_key or settings.mistral_base_url,
        "Scaleway": settings.scaleway_api_key or settings.scaleway_base_url,
    }
    asked = [name for name, told in vendors.items() if told]
    if asked:
        model = f"{settings.openai_model} of " if settings.openai_model else "models of "
        return f"played by {model}{', then '.join(asked)}"
    if settings.llama_model_path is not None:
        return f"played by {settings.llama_model_path.name} on this machine"
    return "plays the lines its authors wrote (set OPENAI_API_KEY to have a model play)"


def _speech(settings: Settings) -> str:
    if settings.speech == "openai":
        return f"{settings.openai_stt_model}, {settings.openai_tts_model}"
    return "embedded, English and French"
