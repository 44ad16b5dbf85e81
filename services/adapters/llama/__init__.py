"""A language model of this machine: one process owns it, every room asks it over a socket."""

from services.adapters.llama.chat import LlamaChat
from services.adapters.llama.plan import HostPlan, is_ready, local_spec, plan_llama

__all__ = ["HostPlan", "LlamaChat", "is_ready", "local_spec", "plan_llama"]
