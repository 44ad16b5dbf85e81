"""Which answers are kept for others: whole ones that could be spoken, under who made them."""

from collections.abc import Callable

from services.llm.cache.policy import storable
from services.llm.cache.stored import answer_of
from services.llm.decide import Decision
from services.llm.prompts.spoken import speakable
from services.llm.request import Request
from services.llm.work import Made
from services.llm.workshop import Workshop

Fit = Callable[[Request, str], bool]
"""Whether an answer to that request may be served again; what knows the scene knows more."""


def is_fit(request: Request, text: str) -> bool:
    """What can be told without the scene: a character's line is in the language, and a person's."""
    if request.persona is None or request.language is None or request.schema is not None:
        return True
    return speakable(text, request.language)


def keep(made: Made, decision: Decision, workshop: Workshop, *, fit: Fit) -> None:
    """An answer goes under the key of the model that made it, which a fallback is not."""
    request, key = decision.request, decision.key
    if key is None or made.route is None or not storable(made, request):
        return
    if not fit(request, made.text):
        return
    if made.route is not decision.routes[0]:
        key = workshop.decider.key(request, made.route) or key
    answer = answer_of(made, at=workshop.clock.now(), template=request.template)
    workshop.cache.keep(key, answer, decision.ttl_s)
