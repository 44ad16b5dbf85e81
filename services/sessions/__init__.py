"""What a session is on record: its row, its turns, its events, and who is alive in it."""
