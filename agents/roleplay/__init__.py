"""One run of a scenario: phases, manager and optimizer, played on a Stage. No livekit here."""
