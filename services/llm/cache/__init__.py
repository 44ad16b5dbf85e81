"""Answers that were made before, and answers that are being made: keys, shelves, levels, flights.

Owns what may be served again, to whom and for how long. It asks no model and books nothing.
"""
