"""Who speaks, and when. Pure: no livekit, no I/O, the clock and randomness are arguments."""
