"""The session's language model, as far as the framework needs to see one.

The director writes all lines through the optimizer; the framework only asks whether a model is
there before it lets `llm_node` run.
"""

from typing import Any, Literal

from livekit.agents import llm

from agents.errors import StageError


class NoModel(llm.LLM[Literal["none"]]):
    """Stands where the framework wants a model; is never asked for words."""

    @property
    def model(self) -> str:
        return "repartee-director"

    @property
    def provider(self) -> str:
        return "repartee"

    def chat(self, **_: Any) -> llm.LLMStream:
        """Raises: StageError, always: lines are written by the director."""
        raise StageError("the director writes the lines; nothing else may ask for words")
