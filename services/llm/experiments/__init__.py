"""Experiments: two models on one tier, sessions divided between them, and a guard that ends it."""
