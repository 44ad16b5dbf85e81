"""Everything of Repartee that works without a LiveKit room."""
