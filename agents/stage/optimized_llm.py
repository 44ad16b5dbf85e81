"""The optimizer as the framework's own kind of model: `AgentSession(llm=OptimizedLLM(optimizer))`.

For agents that LiveKit's stock pipeline drives; the cast of a scene is written by the director. A
stream never fails and is never tried again here: deadline, fallbacks and the line that is said when
no model answers are the optimizer's affair.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal, NoReturn, Protocol

from livekit.agents import NOT_GIVEN, APIConnectOptions, NotGivenOr, llm
from livekit.agents.utils import shortuuid

from agents.errors import StageError
from services.llm.outcome import Outcome, Source
from services.llm.request import Language, Message, Request, TaskType

ONCE = APIConnectOptions(max_retry=0)
"""The one retry loop of the program is the optimizer's."""

Role = Literal["system", "user", "assistant"]

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_SORRY: dict[Language, str] = {
    "fr": "Pardon, pouvez-vous répéter ?",
    "en": "Sorry, could you say that again?",
}


class Words(Protocol):
    """An answer under way: pieces that may be spoken at once, and how it ended."""

    @property
    def outcome(self) -> Outcome | None:
        """Set when it has ended."""
        ...

    def __aiter__(self) -> AsyncIterator[str]:
        """The pieces; an answer begins before it is asked for them."""
        ...

    async def aclose(self) -> None:
        """Ends it now, and the vendor's stream with it."""
        ...


class Streams(Protocol):
    """What gives answers: the optimizer."""

    def stream(self, request: Request, *, understudy: Callable[[], str]) -> Words:
        """Begins the call at once."""
        ...


def _ignore(outcome: Outcome) -> None:
    """Nobody asked to be told."""


class OptimizedLLM(llm.LLM[Literal["optimizer"]]):
    """A stock model whose answers come by a deadline, from a cache, a fallback or an authored line.

    Text in, text out: function tools and images are refused with a StageError, because the
    optimizer cannot promise a deadline for them. Closing it leaves the optimizer open.
    """

    def __init__(
        self,
        optimizer: Streams,
        *,
        session: str | None = None,
        user: str | None = None,
        language: Language = "en",
        task: TaskType = TaskType.CONVERSATION,
        deadline_s: float = 2.0,
        max_tokens: int = 160,
        temperature: float = 0.8,
        understudy: Callable[[], str] | None = None,
        on_outcome: Callable[[Outcome], None] = _ignore,
    ) -> None:
        """`session` and `user` are whose budgets and cache the answers belong to.

        `understudy` gives the line that is said when no model answers; `on_outcome` is told how
        each answer ended.
        """
        super().__init__()
        self._optimizer = optimizer
        self._fields: Mapping[str, Any] = {
            "task": task,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "deadline_s": deadline_s,
            "session": session,
            "user": user,
            "language": language,
        }
        self._understudy = understudy or (lambda: _SORRY[language])
        self._on_outcome = on_outcome

    @property
    def model(self) -> str:
        return "repartee-optimizer"

    @property
    def provider(self) -> str:
        return "repartee"

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = ONCE,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> llm.LLMStream:
        """A stream of the answer. `conn_options` are the framework's: time and tries are ours.

        Raises: StageError for tools, images or vendor-specific arguments.
        """
        if tools and tool_choice != "none":
            _refuse("function tools", "give such an agent its vendor's own model")
        if extra_kwargs:
            _refuse("vendor-specific arguments", "set what models take in models.yaml")
        request = Request(messages=messages_of(chat_ctx), spoken=True, **self._fields)
        return OptimizedStream(self, request, chat_ctx=chat_ctx)

    def answer(self, request: Request) -> Words:
        """Begins the call."""
        return self._optimizer.stream(request, understudy=self._understudy)

    def ended(self, outcome: Outcome) -> None:
        """An answer is over."""
        self._on_outcome(outcome)


class OptimizedStream(llm.LLMStream):
    """One answer as chunks: the words as they come, then what they used."""

    def __init__(self, owner: OptimizedLLM, request: Request, *, chat_ctx: llm.ChatContext) -> None:
        super().__init__(owner, chat_ctx=chat_ctx, tools=[], conn_options=ONCE)
        self._retry_on_chunk_sent = False
        self._owner = owner
        self._request = request

    async def _run(self) -> None:
        answer = self._owner.answer(self._request)
        id = shortuuid("chat_")
        try:
            async for piece in answer:
                delta = llm.ChoiceDelta(role="assistant", content=piece)
                self._event_ch.send_nowait(llm.ChatChunk(id=id, delta=delta))
        finally:
            await answer.aclose()
            if answer.outcome is not None:
                self._owner.ended(answer.outcome)
        if answer.outcome is not None:
            self._event_ch.send_nowait(llm.ChatChunk(id=id, usage=_usage(answer.outcome)))


def messages_of(chat_ctx: llm.ChatContext) -> tuple[Message, ...]:
    """The conversation as the optimizer takes it, empty messages left out.

    Raises: StageError for what is not text.
    """
    found = []
    for message in chat_ctx.messages():
        if any(isinstance(part, llm.ImageContent) for part in message.content):
            _refuse("images", "describe them in words")
        texts = [_text(part) for part in message.content]
        if content := "\n".join(text for text in texts if text):
            found.append(Message(_ROLES[message.role], content))
    return tuple(found)


def _text(part: object) -> str:
    if isinstance(part, str):
        return part
    return part.transcript or "" if isinstance(part, llm.AudioContent) else ""


def _usage(outcome: Outcome) -> llm.CompletionUsage:
    """What a vendor counted for this answer; nothing when no vendor wrote it just now."""
    paid = outcome.source in {Source.LIVE, Source.FALLBACK}
    used = outcome.usage
    asked, said = (used.prompt_tokens, used.completion_tokens) if paid else (0, 0)
    return llm.CompletionUsage(
        prompt_tokens=asked,
        prompt_cached_tokens=used.cached_tokens if paid else 0,
        cache_creation_tokens=used.cache_write_tokens if paid else 0,
        completion_tokens=said,
        total_tokens=asked + said,
    )


def _refuse(what: str, instead: str) -> NoReturn:
    raise StageError(f"OptimizedLLM does not take {what}; {instead}")
