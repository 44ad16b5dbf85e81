"""Y3: authored text is text. There is no template language, so nothing in it can be evaluated."""

from random import Random

import pytest

from agents.cast.prompts import compose
from agents.manager.beats import Beat, BeatKind
from agents.manager.scene import Scene
from services.llm.understudy import Understudy
from tests.fakes.scenes import DEBATE_CAST, debate

HOSTILE = (
    "{{ ''.__class__.__mro__ }}",
    "{0.__class__.__init__.__globals__}",
    "{% for n in range(10**9) %}x{% endfor %}",
    "${HOME} $(id) %(secret)s {env[OPENAI_API_KEY]}",
    "{{ 'a' * 10**9 }}",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_y3_authored_text_is_never_evaluated(text: str) -> None:
    first, *others = DEBATE_CAST
    understudy = first["understudy"] | {"lines": [text], "phases": {}}
    hostile = first | {"persona": text, "knows": [text], "understudy": understudy}
    scenario = debate(cast=[hostile, *others])
    phase = scenario.phases[0].id
    beat = Beat(id="1", persona=first["id"], kind=BeatKind.ANSWER, phase=phase, cue=text)

    messages = compose(
        first["id"], scenario=scenario, memory=(), scene=Scene(seed=1, phase=phase), beat=beat
    ).messages
    line = Understudy(scenario, rng=Random(1)).line(first["id"], kind="answer", phase=phase)

    assert any(text in message.content for message in messages)
    assert sum(len(message.content) for message in messages) < 20_000
    assert line == text
