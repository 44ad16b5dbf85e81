"""Work that nobody in a room waits for. Owns the runner and its chores."""
