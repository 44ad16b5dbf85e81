"""What a role-play is: the schema of a scenario file, its safe reader, its lint.

Owns content that an author writes and the rules for such content. Imports nothing else of ours.
"""
