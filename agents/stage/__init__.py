"""The LiveKit side: ears, voices, tracks and captions of one room."""
