"""How words come about: one call that every character makes, answered by a model or the author."""
