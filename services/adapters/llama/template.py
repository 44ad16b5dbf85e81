"""Messages as the text that a model was trained on, by its own chat template or a plain one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.core.errors import BackendError
from services.llm.request import Message

Render = Callable[[list[dict[str, str]]], str]
"""Messages to text that ends where the model's own words begin. Raises when it refuses them."""

_NAMES = {"system": "", "user": "User: ", "assistant": "Assistant: "}


@dataclass(frozen=True, slots=True)
class Prompt:
    """`begin` tells whether the tokenizer adds its begin mark; `stops` end the answer."""

    text: str
    begin: bool
    stops: tuple[str, ...] = ()


class Template:
    """`render` is the model's own template, None for a model without one.

    `marks` are its control tokens as text: they are taken out of what people wrote, so that nobody
    can end a message and begin another by saying so.
    """

    def __init__(self, render: Render | None, marks: Sequence[str] = ()) -> None:
        self._render = render
        longest_first = sorted(filter(None, marks), key=len, reverse=True)
        self._marks = re.compile("|".join(map(re.escape, longest_first))) if marks else None

    def prompt(self, messages: Sequence[Message]) -> Prompt:
        """The prompt. A last assistant message is continued.

        Raises: BackendError (`template`) when the template takes none of the usual forms.
        """
        clean = [Message(m.role, self._cleaned(m.content)) for m in messages]
        begun = clean.pop().content if len(clean) > 1 and clean[-1].role == "assistant" else ""
        if self._render is None:
            return _plain(clean, begun)
        for form in (clean, _alternating(clean)):
            try:
                text = self._render([{"role": m.role, "content": m.content} for m in form])
            except Exception:  # noqa: BLE001, S112 - a template is a program
                continue
            return Prompt(text + begun, begin=False)
        raise BackendError(
            "the model's chat template refuses the prompt", retryable=False, code="template"
        )

    def _cleaned(self, text: str) -> str:
        return self._marks.sub("", text) if self._marks else text


def _alternating(messages: Sequence[Message]) -> list[Message]:
    """The same as user and assistant in turn: what templates without a system role ask for."""
    roles = [Message("user" if m.role == "system" else m.role, m.content) for m in messages]
    return [
        Message(role, "\n\n".join(m.content for m in group))
        for role, group in groupby(roles, key=lambda m: m.role)
    ]


def _plain(messages: Sequence[Message], begun: str) -> Prompt:
    lines = [f"{_NAMES[m.role]}{m.content}" for m in messages]
    text = "\n\n".join([*lines, f"Assistant: {begun}".rstrip()])
    return Prompt(text, begin=True, stops=("\nUser:", "\n\nUser", "\nAssistant:"))


class StopGate:
    """Lets text through up to the first stop; holds back what may be the start of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """What may be given now."""
        if not self._stops or self.stopped:
            return "" if self.stopped else text
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            given, self._held = self._held[: min(found)], ""
            return given
        keep = max(map(self._overlap, self._stops))
        given, self._held = self._held[: len(self._held) - keep], self._held[-keep:] * bool(keep)
        return given

    def finish(self) -> str:
        """What was held back for nothing."""
        given, self._held = self._held, ""
        return given

    def _overlap(self, stop: str) -> int:
        lengths = range(min(len(stop) - 1, len(self._held)), 0, -1)
        return next((n for n in lengths if self._held.endswith(stop[:n])), 0)
