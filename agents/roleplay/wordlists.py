"""Word lists and templates, read before anybody waits for them.

Importing this reads those of every language, by a turn of a scene that nobody sees. The worker's
jobs are forked from a process that has imported it, and the HTTP app imports it before it listens.
"""

from random import Random
from typing import get_args

from agents.cast.echoes import is_echo
from agents.cast.guard import clean_line
from agents.cast.prompts import compose
from agents.manager.backchannels import is_backchannel
from agents.manager.manager import MultiAgentManager
from agents.manager.temperament import manner
from scenarios.fields import Language
from scenarios.schema import Scenario

_SAID = "Ann, OK?"


def _scene(language: Language) -> Scenario:
    lines = {"opening": ["1"], "lines": ["1"], "reactions": ["1"], "closing": ["1"]}
    cast = [
        {"id": one, "name": one.title(), "title": one, "persona": one, "understudy": lines}
        for one in ("ann", "bob")
    ]
    return Scenario.model_validate(
        {
            "schema": 1,
            "id": "nobody",
            "title": "1",
            "language": language,
            "summary": "1",
            "learner": {"role": "1"},
            "cast": cast,
            "phases": [{"id": "one", "goal": "1", "lead": "ann"}],
        }
    )


def _read(language: Language) -> None:
    scene = _scene(language)
    manager = MultiAgentManager(scene, rng=Random(0))
    manager.commit(manager.begin(0.0), words=None, now_s=0.0)
    plan = manager.answer(_SAID, 1.0)
    manager.commit(plan, words=_SAID, now_s=1.0)
    beat = plan.beats[0]
    compose(
        beat.persona,
        scenario=scene,
        memory=manager.memory,
        scene=manager.scene,
        beat=beat,
        manner=manner(
            scene.character(beat.persona).temper, manager.scene.mood_of(beat.persona), language
        ),
    )
    clean_line(_SAID, beat.persona, scene)
    is_backchannel(_SAID, language)
    is_echo(_SAID, [_SAID], language)


for _language in get_args(Language):
    _read(_language)
