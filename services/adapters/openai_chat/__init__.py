"""ChatModel over the OpenAI wire: OpenAI, Mistral, Scaleway, any compatible server."""

from services.adapters.openai_chat.asking import ADDRESS, at_address, compatible
from services.adapters.openai_chat.chat import OpenAIChat, prepare

__all__ = ["ADDRESS", "OpenAIChat", "at_address", "compatible", "prepare"]
