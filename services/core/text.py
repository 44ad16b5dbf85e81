"""Text from strangers, made fit to keep."""


def storable(text: str) -> str:
    """The text without what UTF-8 or PostgreSQL cannot hold: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
