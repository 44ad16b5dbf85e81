"""Errors of `agents`.

AgentError
|-- StageError      the room cannot be played in
|-- OtherVersion    a record that this version cannot play again
`-- RoomTaken       another job holds this room: leave without a sound
"""


class AgentError(Exception):
    """Root of what `agents` raises on purpose."""


class StageError(AgentError):
    """The room cannot be played in."""


class OtherVersion(AgentError):
    """A record that this version cannot play again."""


class RoomTaken(AgentError):
    """Another job holds this room."""
