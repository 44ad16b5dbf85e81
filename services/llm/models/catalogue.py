"""The models that may be asked, as an operator wrote them down: `models.yaml`.

Owns what that file may say and every reason to refuse it. A file that REPARTEE_MODELS names takes
the place of the shipped one as a whole. What the models cost today is `money`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from scenarios.errors import nearest, quoted
from services.core.errors import ConfigError, NotFound
from services.llm.experiments.design import Experiment
from services.llm.models.entries import PROVIDERS, Provider, model_of, provider_of
from services.llm.models.experiments import experiments_of
from services.llm.models.reading import WHOLE_FILE, Group, Report, named, read
from services.llm.models.thresholds import BOUNDS, Thresholds
from services.llm.spec import ModelSpec, Tier

SHIPPED = Path(__file__).with_name("models.yaml")
MAX_BYTES = 256 * 1024
HEADED = (Tier.CHEAP, Tier.ADVANCED)
"""The tiers of the file. `local` is this machine's own model, from LLAMA_MODEL_PATH."""
TASKED = ("memory",)
"""Prompts that may have a model of their own, whatever their tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCatalogue:
    """Models by id, the one that each tier asks first, and what is tried in its place.

    `tasks` are models of single prompts, by the prompt's name. `file` and `lines` say where things
    stand, for messages: each model by its id, the head of each tier as `tiers.cheap`, the model of
    each variant as `experiment/variant`.
    """

    specs: Mapping[str, ModelSpec]
    heads: Mapping[Tier, str]
    providers: Mapping[str, Provider] = field(default_factory=lambda: MappingProxyType({}))
    thresholds: Thresholds = Thresholds()  # noqa: RUF009 - frozen
    experiments: tuple[Experiment, ...] = ()
    tasks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    file: str = ""
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def spec(self, id: str) -> ModelSpec:
        """The model of that id (`provider/model`). Raises: NotFound."""
        if id not in self.specs:
            raise NotFound(f"no model {quoted(id)}. {nearest(id, self.specs)}".strip())
        return self.specs[id]

    def chain(self, tier: Tier) -> tuple[ModelSpec, ...]:
        """Whom to ask, in order: the tier's head, its fallback, that one's, and so on."""
        return self._from(self.heads.get(tier))

    def own_chain(self, task: str) -> tuple[ModelSpec, ...]:
        """Whom to ask for that prompt, in order; nobody of its own: ()."""
        return self._from(self.tasks.get(task))

    def _from(self, id: str | None) -> tuple[ModelSpec, ...]:
        chain: dict[str, ModelSpec] = {}
        while id is not None and id not in chain:
            chain[id] = self.spec(id)
            id = chain[id].fallback
        return tuple(chain.values())


def head_line(tier: Tier) -> str:
    """The name, in `lines`, of the line that says whom a tier asks first."""
    return f"tiers.{tier.value}"


def load_models(path: Path | None = None) -> ModelCatalogue:
    """The catalogue of a file; without one, the shipped.

    Raises: ConfigError with a line `file:line: key: cause. what to do` for every problem.
    """
    path = path or SHIPPED
    report = Report(file=str(path))
    root = read(_text(path, report), report)
    if root.whole("schema", least=0, most=999, required=True) not in (1, None):
        root.refuse("schema", "only schema 1 is known", "Write `schema: 1`.")
    providers = _providers(root.group("providers", required=True))
    tiers = root.group("tiers", required=True)
    thresholds = _thresholds(root.group("thresholds"))
    models = root.group("models", required=True)
    found = named(models) if models else {}
    specs = {id: spec for id, one in found.items() if (spec := model_of(id, one, providers))}
    _check_fallbacks(specs, found)
    heads = _heads(tiers, found)
    tasks = _tasks(root.group("tasks"), found)
    experiments, tried = experiments_of(root.group("experiments"), specs)
    root.close()
    report.close()
    return ModelCatalogue(
        specs=specs,
        heads=heads,
        providers=providers,
        thresholds=thresholds,
        file=str(path),
        experiments=experiments,
        tasks=tasks,
        lines={
            **({id: models.line_of(id) for id in found} if models else {}),
            **({head_line(tier): tiers.line_of(tier.value) for tier in HEADED} if tiers else {}),
            **tried,
        },
    )


def _text(path: Path, report: Report) -> str:
    try:
        data = path.read_bytes()
        if len(data) <= MAX_BYTES:
            return data.decode("utf-8-sig")
        cause, remedy = f"the file passes {MAX_BYTES // 1024} KB", "A hundred models fit in 64 KB."
    except OSError as error:
        cause = f"the file cannot be read ({error.strerror or 'the system refused'})"
        remedy = "Check REPARTEE_MODELS."
    except UnicodeDecodeError:
        cause, remedy = "the file is not UTF-8", "Save it as UTF-8 in your editor."
    report.add(1, WHOLE_FILE, cause, remedy)
    report.close()
    raise ConfigError(cause)


def _providers(group: Group | None) -> dict[str, Provider]:
    if group is None:
        return {}
    for name in group.names:
        if name not in PROVIDERS:
            remedy = f"{nearest(name, PROVIDERS)} Others are reached by OPENAI_BASE_URL."
            group.refuse(name, f"{quoted(name)} is not a provider that has a key", remedy)
    return {name: provider_of(name, one) for name, one in named(group).items()}


def _thresholds(group: Group | None) -> Thresholds:
    if group is None:
        return Thresholds()
    start = Thresholds()
    cheap, context = BOUNDS["cheap_tokens"], BOUNDS["context_tokens"]
    least, most = context.least, context.most
    context_tokens = group.whole("context_tokens", least=least, most=most)
    cheap_tokens = group.whole("cheap_tokens", least=cheap.least, most=cheap.most)
    frozen = group.flag("frozen", False)
    group.close()
    return Thresholds(
        cheap_tokens=start.cheap_tokens if cheap_tokens is None else cheap_tokens,
        context_tokens=start.context_tokens if context_tokens is None else context_tokens,
        frozen=frozen,
    )


def _heads(group: Group | None, found: Mapping[str, Group]) -> dict[Tier, str]:
    if group is None:
        return {}
    heads: dict[Tier, str] = {}
    for tier in HEADED:
        id = _model_named(group, tier.value, found, required=True)
        if id is not None:
            heads[tier] = id
    group.close()
    return heads


def _tasks(group: Group | None, found: Mapping[str, Group]) -> dict[str, str]:
    if group is None:
        return {}
    named_for = {task: _model_named(group, task, found) for task in TASKED}
    group.close()
    return {task: id for task, id in named_for.items() if id is not None}


def _model_named(
    group: Group, key: str, found: Mapping[str, Group], *, required: bool = False
) -> str | None:
    id = group.text(key, required=required)
    if id is None or id in found:
        return id
    cause = f"there is no model {quoted(id)}"
    group.refuse(key, cause, nearest(id, found) or "Add it under `models`.")
    return None


def _check_fallbacks(specs: Mapping[str, ModelSpec], found: Mapping[str, Group]) -> None:
    """Every fallback exists, and no chain of them comes back to where it was."""
    links = {id: spec.fallback for id, spec in specs.items() if spec.fallback}
    for id, next_id in links.items():
        if next_id not in found:
            cause, remedy = f"there is no model {quoted(next_id)}", nearest(next_id, found)
            found[id].refuse("fallback", cause, remedy or "Delete the key.")
    told: set[str] = set()
    for id in links:
        chain = [id]
        while (after := links.get(chain[-1])) is not None and after not in chain:
            chain.append(after)
        if after == id and told.isdisjoint(chain):
            told.update(chain)
            cause = f"the fallbacks go round: {' -> '.join([*chain, id])}"
            found[id].refuse("fallback", cause, "Delete one of these links.")
