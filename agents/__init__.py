"""Everything of Repartee that happens inside a LiveKit room."""
