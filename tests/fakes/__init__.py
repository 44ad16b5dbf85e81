"""Complete in-memory twins of our ports, kept true by tests/contracts."""
