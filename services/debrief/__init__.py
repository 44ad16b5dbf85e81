"""What became of a session, from its transcript alone.

`memory` tells what a session established, `rules` does so without a model, `checks` lets nothing
through that the transcript does not hold. Knows no room and no web.
"""
