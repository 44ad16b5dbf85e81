"""Which model for which call, and what it costs: the catalogue, the tiers, the money."""
