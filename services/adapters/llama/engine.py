"""llama.cpp itself: one model, one context, one thread. Runs in the model's process only.

One `Llama` used from two threads ends the process, and so does a grammar that cannot be read:
everything but `abort` belongs to the one worker thread.
"""

import codecs
import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import llama_cpp
from llama_cpp.llama_chat_format import Jinja2ChatFormatter
from llama_cpp.llama_grammar import LlamaGrammar, json_schema_to_gbnf

from services.adapters.llama.grammar import safe_schema
from services.adapters.llama.template import StopGate, Template
from services.adapters.llama.wire import Asked
from services.core.errors import BackendError, NotFound

BATCH_TOKENS = 256
"""The fastest, and what an abort loses at most. Source: measured on 2 cores, 2026-11."""

LONGEST_CONTEXT = 8192
_PIECE_BYTES = 1024
_ROOT = b"root"


class Engine:
    """Answers one request at a time. Raises NotFound when the file is no usable model."""

    def __init__(self, model: Path, *, context_tokens: int = LONGEST_CONTEXT) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        try:
            self._llama = llama_cpp.Llama(
                str(model),
                n_ctx=context_tokens,
                n_batch=BATCH_TOKENS,
                n_ubatch=BATCH_TOKENS,
                n_threads=max(1, (cores or 1) - 1),
                n_threads_batch=cores or 1,
                verbose=False,
            )
        except ValueError as error:
            raise NotFound(f"llama.cpp cannot use {model} (LLAMA_MODEL_PATH): {error}") from None
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        self._context: int = min(self._llama.n_ctx(), self._trained_on() or context_tokens)
        self._template = self._chat_template()
        self._piece = ctypes.create_string_buffer(_PIECE_BYTES)
        self._flag = ctypes.create_string_buffer(2)
        self._watch_flag()

    @property
    def context_tokens(self) -> int:
        """Prompt and answer together."""
        return self._context

    def abort(self) -> None:
        """Ends what is being computed, within one batch. From any thread."""
        self._flag[0] = b"\x01"

    def clear(self) -> None:
        """Takes an abort back; before each request."""
        self._flag[0] = b"\x00"

    @property
    def aborted(self) -> bool:
        """Whether the request at hand was told to end."""
        return bool(self._flag[0] != b"\x00")

    def answer(self, asked: Asked, say: Callable[[str], None]) -> dict[str, Any]:
        """Says the answer piece by piece; returns its finish and its usage.

        Raises: BackendError with code `context`, `schema`, `template`, `aborted` or `backend`.
        """
        prompt = self._template.prompt(asked.messages)
        tokens = self._llama.tokenize(prompt.text.encode(), add_bos=prompt.begin, special=True)
        room = self._context - len(tokens) - 1
        if room < 1:
            raise BackendError("the prompt is too long", retryable=False, code="context")
        reused = self._reused(tokens)
        grammar = self._grammar(asked.schema) if asked.schema is not None else None
        gate, decoder = StopGate(prompt.stops), codecs.getincrementaldecoder("utf-8")("replace")
        continued = asked.messages[-1].role == "assistant"
        said = finish = ""
        count = 0
        for token in self._tokens(tokens, asked.temperature, grammar):
            if llama_cpp.llama_vocab_is_eog(self._vocabulary, token):
                finish = "stop"
                break
            count += 1
            piece = gate.feed(decoder.decode(self._bytes(token)))
            piece = piece if said or continued else piece.lstrip()
            if piece:
                said += piece
                say(piece)
            if gate.stopped or count >= min(asked.max_tokens, room):
                finish = "stop" if gate.stopped else "length"
                break
        if (rest := gate.finish()) and finish != "stop":
            say(rest)
        usage = {
            "prompt_tokens": len(tokens), "cached_tokens": reused, "completion_tokens": count,
        }  # fmt: skip
        return {"finish": finish or "stop", "usage": usage}

    def close(self) -> None:
        """Gives the memory back."""
        self._llama.close()

    def _tokens(self, tokens: list[int], temperature: float, grammar: Any) -> Iterator[int]:
        try:
            yield from self._llama.generate(tokens, temp=temperature, grammar=grammar)
        except RuntimeError:
            if self.aborted:
                raise BackendError("the request was withdrawn", code="aborted") from None
            raise BackendError("llama.cpp failed", code="backend") from None

    def _grammar(self, schema: str) -> LlamaGrammar:
        """Compiled twice, since llama.cpp tells only here that it cannot read a grammar."""
        try:
            text = json_schema_to_gbnf(safe_schema(schema))
        except BackendError:
            raise
        except Exception:  # noqa: BLE001 - it raises whatever comes, assertions too
            text = ""
        sampler = llama_cpp.llama_sampler_init_grammar(self._vocabulary, text.encode(), _ROOT)
        if not text or not sampler:
            raise BackendError(
                "the local model cannot keep to this schema", retryable=False, code="schema"
            )
        llama_cpp.llama_sampler_free(sampler)
        return LlamaGrammar.from_string(text, verbose=False)

    def _reused(self, tokens: list[int]) -> int:
        """Tokens of the prompt that the context still holds from the request before."""
        held = self._llama.input_ids[: self._llama.n_tokens].tolist()
        same = next((n for n, (a, b) in enumerate(zip(held, tokens, strict=False)) if a != b), None)
        return min(len(held), len(tokens) - 1) if same is None else same

    def _bytes(self, token: int) -> bytes:
        size = llama_cpp.llama_token_to_piece(
            self._vocabulary, token, self._piece, _PIECE_BYTES, 0, False
        )
        return bytes(self._piece.raw[: max(0, size)])

    def _trained_on(self) -> int:
        return int(llama_cpp.llama_model_n_ctx_train(self._llama.model))

    def _chat_template(self) -> Template:
        marks = [self._text(token) for token in range(self._llama.n_vocab()) if self._marks(token)]
        source = self._llama.metadata.get("tokenizer.chat_template")
        if not source:
            return Template(None, marks)
        formatter = Jinja2ChatFormatter(
            source,
            eos_token=self._text(self._llama.token_eos()),
            bos_token=self._text(self._llama.token_bos()),
        )

        def render(messages: list[dict[str, Any]]) -> str:
            return str(formatter(messages=cast("Any", messages)).prompt)

        return Template(render, marks)

    def _marks(self, token: int) -> bool:
        attributes = llama_cpp.llama_vocab_get_attr(self._vocabulary, token)
        return bool(attributes & llama_cpp.LLAMA_TOKEN_ATTR_CONTROL)

    def _text(self, token: int) -> str:
        text = llama_cpp.llama_vocab_get_text(self._vocabulary, token) if token >= 0 else b""
        return str(text.decode("utf-8", "replace"))

    def _watch_flag(self) -> None:
        """llama.cpp asks libc's `strlen` of the flag whether to stop: no Python, no GIL."""
        strlen = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)
        self._callback = strlen
        llama_cpp.llama_set_abort_callback(
            self._llama.ctx, strlen, ctypes.cast(self._flag, ctypes.c_void_p)
        )
