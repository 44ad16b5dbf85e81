"""What plays here, said plainly: a model or the author's lines, which ears, which voices."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from services.api.auth import AnyCaller
from services.api.parts import Parts, PartsOf

router = APIRouter(tags=["scenes"])


class Hearing(BaseModel):
    """The engine that listens."""

    model_config = ConfigDict(frozen=True)

    name: str
    languages: tuple[str, ...]


class StudioView(BaseModel):
    """What plays here. `hearing` is null when people can only type."""

    model_config = ConfigDict(frozen=True)

    cast: Literal["model", "understudy"]
    model: str | None
    hearing: Hearing | None
    voices: dict[str, tuple[str, ...]]
    speech: Literal["embedded", "openai"]
    tracks: Literal["per_character", "shared"]
    sign_in: bool


@router.get("/api/studio", operation_id="getStudio", summary="What plays the cast here")
async def get_studio(parts: PartsOf, _: AnyCaller) -> StudioView:
    """Whether a model or the understudy plays, and the engines of ears and voices."""
    return studio_of(parts)


def studio_of(parts: Parts) -> StudioView:
    """The studio as it was opened."""
    settings = parts.settings
    by_model = parts.optimizer.has_model
    ear = parts.ears[0] if parts.ears else None
    hearing = Hearing(name=ear.name, languages=tuple(sorted(ear.languages()))) if ear else None
    vendor: tuple[str, ...] = ()
    if settings.speech == "openai":
        hearing = Hearing(name=settings.openai_stt_model, languages=("en", "fr"))
        vendor = ("openai",)
    return StudioView(
        cast="model" if by_model else "understudy",
        model=parts.optimizer.model,
        hearing=hearing,
        voices={
            language: (*vendor, *(e.name for e in parts.engines if language in e.languages()))
            for language in ("fr", "en")
        },
        speech=settings.speech,
        tracks=settings.tracks,
        sign_in=settings.production,
    )
