"""Prompts: templates, the order that vendors' caches like, compression, and fit words back.

`templates` and `store` hold the texts, `compiler` orders them, `prefix` predicts what a vendor has
cached, `compress` shortens the tail, `quoting` makes others' words data, `spoken` judges answers.
"""
