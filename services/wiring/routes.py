"""Settings and models.yaml to routes: whom each tier asks, in which order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from pydantic import SecretStr

from services.llm.models.catalogue import ModelCatalogue
from services.llm.ports import ChatModel, Route
from services.llm.spec import ModelSpec, Tier
from services.settings import Settings

Routes = Mapping[Tier, tuple[Route, ...]]


class OpenRoutes(NamedTuple):
    """The chain of each tier, every route by its model, and what the caller closes.

    `own` are the chains of prompts that have a model of their own.
    """

    chains: Routes
    by_model: Mapping[str, Route]
    chats: tuple[ChatModel, ...]
    own: Mapping[str, tuple[Route, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a provider is reached; an own address may want no key."""

    api_key: SecretStr | None
    base_url: str | None


def accounts(settings: Settings) -> Mapping[str, Account]:
    """The providers that can be asked, by name."""
    told = {
        "openai": Account(api_key=settings.openai_api_key, base_url=settings.openai_base_url),
        "mistral": Account(api_key=settings.mistral_api_key, base_url=settings.mistral_base_url),
        "scaleway": Account(api_key=settings.scaleway_api_key, base_url=settings.scaleway_base_url),
    }
    return {name: one for name, one in told.items() if one.api_key or one.base_url}


def chains(settings: Settings, catalogue: ModelCatalogue) -> Mapping[Tier, tuple[ModelSpec, ...]]:
    """The models that each tier can ask here, first choice first.

    When no model of the advanced tier can answer, the cheap ones are asked.
    """
    able = accounts(settings)
    cheap, advanced = (
        _once(_named(spec, settings) for spec in catalogue.chain(tier) if spec.provider in able)
        for tier in (Tier.CHEAP, Tier.ADVANCED)
    )
    return {Tier.CHEAP: cheap or advanced, Tier.ADVANCED: _once((*advanced, *cheap))}


def own_chains(
    settings: Settings, catalogue: ModelCatalogue
) -> Mapping[str, tuple[ModelSpec, ...]]:
    """The models that single prompts can ask here, first choice first."""
    able = accounts(settings)
    found = {
        task: _once(
            _named(spec, settings) for spec in catalogue.own_chain(task) if spec.provider in able
        )
        for task in catalogue.tasks
    }
    return {task: chain for task, chain in found.items() if chain}


def tried(settings: Settings, catalogue: ModelCatalogue) -> tuple[ModelSpec, ...]:
    """The models that experiments put first and that can be asked here under their own name."""
    able = accounts(settings)
    ids = (one.model for made in catalogue.experiments for one in made.others)
    specs = (catalogue.spec(id) for id in ids if id is not None)
    return _once(spec for spec in specs if spec.provider in able and _named(spec, settings) is spec)


def open_routes(settings: Settings, catalogue: ModelCatalogue, local: Route | None) -> OpenRoutes:
    """Routes for every tier and every experiment.

    The environment's address of a provider goes before the catalogue's.

    Raises: ConfigError for an address that cannot be used.
    """
    wanted, able = chains(settings, catalogue), accounts(settings)
    own = own_chains(settings, catalogue)
    made: dict[str, Route] = {}
    if any(wanted.values()):
        # 0.8 s that a house without a key saves
        from services.adapters.openai_chat import OpenAIChat, at_address

        first: dict[str, OpenAIChat] = {}
        chained = (spec for chain in (*wanted.values(), *own.values()) for spec in chain)
        for spec in _once((*chained, *tried(settings, catalogue))):
            account = able[spec.provider]
            written = catalogue.providers.get(spec.provider)
            spec = at_address(spec, account.base_url)
            chat = OpenAIChat(
                spec,
                api_key=account.api_key,
                base_url=account.base_url or (written.base_url if written else None),
                beside=first.get(spec.provider),
            )
            first.setdefault(spec.provider, chat)
            made[spec.id] = Route(spec=spec, chat=chat)
    last = (local,) if local else ()
    routes = {tier: (*(made[spec.id] for spec in chain), *last) for tier, chain in wanted.items()}
    chats = tuple(route.chat for route in (*made.values(), *last))
    tasked = {task: (*(made[spec.id] for spec in chain), *last) for task, chain in own.items()}
    return OpenRoutes(chains=routes, by_model=made, chats=chats, own=tasked)


def _named(spec: ModelSpec, settings: Settings) -> ModelSpec:
    """The model itself, or the one that OPENAI_MODEL puts in the place of all of that provider."""
    model = settings.openai_model
    if spec.provider != "openai" or model is None or model == spec.model:
        return spec
    return replace(spec, id=f"openai/{model}", model=model, prices=(), shutdown=None)


def _once(specs: Iterable[ModelSpec]) -> tuple[ModelSpec, ...]:
    return tuple({spec.id: spec for spec in specs}.values())
