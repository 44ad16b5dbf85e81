"""Scenes played to their end in virtual time: simulated people, the real cast and optimizer.

Nothing here waits by the wall clock: a thousand turns take seconds. Models are scripted and may
fail; everything between their wire and the stage is the program's own.
"""
