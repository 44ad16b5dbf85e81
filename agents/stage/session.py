"""When a turn ends, what counts as an interruption, what is prepared ahead: the AgentSession's
settings, each with its reason. Nothing else of the framework is configured anywhere.
"""

from dataclasses import dataclass
from typing import Literal

from livekit import rtc
from livekit.agents import AgentSession, inference, room_io
from livekit.agents.voice import Agent
from livekit.agents.voice.turn import TurnDetectionMode

from agents.stage.hearing import HEARING_RATE_HZ, Hearing
from agents.stage.model import NoModel
from agents.stage.turns import TURN_END_S

INTERRUPTION_S = 0.15
"""Speech that silences the cast; shorter sounds are coughs and clicks."""

BACKCHANNEL_S = 0.8
"""After a sound without words the line goes on; above the time that recognition takes."""

MAX_DELAY_S = 2.0
"""A turn detector that hears no end is not believed for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOptions:
    """What the operator may choose."""

    shared_track: bool = False
    turn_detection: Literal["vad", "v1-mini"] = "vad"


def new_session(hearing: Hearing, options: StageOptions) -> AgentSession[None]:
    """A session that hears with `hearing` and lets the director write and voice every line."""
    detection: TurnDetectionMode = "vad"
    if options.turn_detection == "v1-mini":
        detection = inference.TurnDetector(version="v1-mini")
    return AgentSession(
        stt=hearing,
        llm=NoModel(),
        vad=inference.VAD(min_silence_duration=0.25),
        use_tts_aligned_transcript=False,
        tts_text_transforms=None,
        aec_warmup_duration=None,  # or the first 3 s of the cast could not be cut
        user_away_timeout=None,  # silence is the manager's affair
        turn_handling={
            "turn_detection": detection,
            "endpointing": {"min_delay": TURN_END_S, "max_delay": MAX_DELAY_S},
            "preemptive_generation": {"preemptive_tts": True, "max_retries": 2},
            "interruption": {
                "mode": "vad",
                "min_words": 0,  # waiting for words would let the cast speak on for seconds
                "min_duration": INTERRUPTION_S,
                "false_interruption_timeout": BACKCHANNEL_S,
            },
        },
    )


async def start_session(
    session: AgentSession[None], director: Agent, room: rtc.Room, *, learner: str
) -> None:
    """Listens to that identity. What is shown and sounds in the room is the stage's own."""
    await session.start(
        director,
        room=room,
        session_host=False,
        record=False,
        room_options=room_io.RoomOptions(
            text_input=False,
            audio_input=room_io.AudioInputOptions(
                sample_rate=HEARING_RATE_HZ, frame_size_ms=20, pre_connect_audio=False
            ),
            audio_output=False,
            text_output=False,
            participant_identity=learner,
            close_on_disconnect=False,
        ),
    )
