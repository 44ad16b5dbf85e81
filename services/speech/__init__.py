"""Hearing and voices without a room: what an engine must do, and which voice a character gets."""
