"""Money as the program counts it: integer nano-USD."""

NANO = 1_000_000_000
"""Nano-units in one unit of a currency."""

NANO_PER_USD = NANO


def nano(usd: float) -> int:
    """Nano-USD of an amount that a person wrote down, to the nearest one."""
    return round(usd * NANO_PER_USD)
